import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { joined } from "../../kit/octets.ts";
import { isCleanBytes, isCleanText } from "./clean-text.ts";

test("text in pieces is clean exactly when the whole is, wherever the pieces split", async () => {
  const bytes = fc.oneof(
    fc.string({ unit: "binary", maxLength: 12 }).map((text) => Buffer.from(text)),
    fc.string({ unit: "grapheme", maxLength: 12 }).map((text) => Buffer.from(text)),
    fc.uint8Array({ maxLength: 12 }).map((some) => Buffer.from(some)),
  );
  const property = fc.asyncProperty(bytes, fc.nat(12), fc.nat(12), async (all, one, other) => {
    const [first, second] = [Math.min(one, other), Math.max(one, other)];
    const parts = [all.subarray(0, first), all.subarray(first, second), all.subarray(second)];
    assert.equal(await isCleanText(joined(parts)), isCleanBytes(all));
  });
  await fc.assert(property, { numRuns: 2_000 });
});
