import assert from "node:assert/strict";
import { test } from "node:test";
import type { ResponseOf } from "../../schemas/commands.ts";
import { statusOf } from "./status-of.ts";

function sync(...statuses: readonly number[]): ResponseOf<"Sync"> {
  const Collection = statuses.map((Status) => ({
    SyncKey: "1",
    CollectionId: "f1",
    Status,
    Commands: [],
  }));
  return { Collections: { Collection } };
}

test("Status: an answer's own counts before those of its entries", () => {
  assert.equal(statusOf({ Status: 1, Response: [{ Status: 8 }] }), 1);
});

test("Status: of several collections the first that is no success counts", () => {
  assert.equal(statusOf(sync(1, 1)), 1);
  assert.equal(statusOf(sync(1, 3, 12)), 3);
  assert.equal(statusOf({ Response: [{ Status: 1 }, { Status: 4 }] }), 4);
});

test("Status: an answer without one has none", () => {
  assert.equal(statusOf(sync()), undefined);
  assert.equal(statusOf(undefined), undefined);
  assert.equal(statusOf(Buffer.from("bytes")), undefined);
});
