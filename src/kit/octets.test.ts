import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { joined, octetsOf, pieceBytes, sliceOf, wholeOf } from "./octets.ts";

const someBytes = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));

test("joined octets and slices of them read like one Buffer", async () => {
  const parts = fc.array(someBytes, { maxLength: 5 });
  const property = fc.asyncProperty(parts, fc.nat(60), fc.nat(60), async (all, one, other) => {
    const whole = Buffer.concat(all);
    const octets = joined(all.map((part) => joined([octetsOf(part), Buffer.alloc(0)])));
    assert.equal(octets.sizeBytes, whole.length);
    assert.deepEqual(await wholeOf(octets), whole);
    const [start, end] = [Math.min(one, other, whole.length), Math.max(one, other)];
    const slice = sliceOf(octets, start, end);
    assert.equal(slice.sizeBytes, whole.subarray(start, end).length);
    assert.deepEqual(await wholeOf(slice), whole.subarray(start, end));
    assert.deepEqual(await wholeOf(sliceOf(slice, 1)), whole.subarray(start, end).subarray(1));
  });
  await fc.assert(property, { numRuns: 200 });
});

test("a large run comes in pieces, each reading from its start", async () => {
  const bytes = Buffer.alloc(pieceBytes * 2 + 1, "ab");
  const octets = octetsOf(bytes);
  for (const _ of [1, 2]) {
    const pieces = await Array.fromAsync(octets.stream());
    assert.deepEqual(
      pieces.map((piece) => piece.length),
      [pieceBytes, pieceBytes, 1],
    );
    assert.ok(Buffer.concat(pieces).equals(bytes));
  }
});
