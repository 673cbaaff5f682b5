import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { joined, octetsOf, sliceOf, wholeOf } from "../../kit/octets.ts";
import { withCrlf } from "./line-ends.ts";

const pieces = fc.array(
  fc
    .array(fc.constantFrom("\r", "\n", "\r\n", "a", "é"), { maxLength: 5 })
    .map((all) => all.join("")),
  { maxLength: 6 },
);

test("every lone CR or LF becomes CRLF, wherever the pieces of a reading split", async () => {
  const property = fc.asyncProperty(pieces, fc.nat(20), async (all, start) => {
    const right = await withCrlf(joined(all.map((text) => Buffer.from(text))));
    const expected = Buffer.from(all.join("").replace(/\r\n|\r|\n/g, "\r\n"));
    assert.deepEqual(await wholeOf(right), expected);
    assert.equal(right.sizeBytes, expected.length);
    assert.deepEqual(await wholeOf(sliceOf(right, start)), expected.subarray(start));
  });
  await fc.assert(property, { numRuns: 300 });
});

test("a mail that is right is not read a second time", async () => {
  const mime = octetsOf(Buffer.from("a\r\n\r\nb\r\n"));
  assert.equal(await withCrlf(mime), mime);
});
