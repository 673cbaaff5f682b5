/** The same contents have the same hash, wherever they lie. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { joined } from "../../kit/octets.ts";
import { hashOf } from "./contents.ts";

test("Contents: octets on disk and in memory are the same, each other octet is not", async () => {
  const bytes = Buffer.alloc(200_000, "film");
  const away = joined([bytes.subarray(0, 70_001), bytes.subarray(70_001)]);
  const other = joined([bytes.subarray(0, 199_999), Buffer.from("n")]);
  const hash = async (Content: unknown): Promise<string> =>
    (await hashOf({ Add: { ClientId: "c", Content } })).toString("hex");
  assert.equal(await hash(away), await hash(bytes));
  assert.notEqual(await hash(other), await hash(bytes));
});
