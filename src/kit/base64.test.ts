import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { base64LinesOf, base64Of } from "./base64.ts";
import { joined, sliceOf, wholeOf } from "./octets.ts";

const parts = fc.array(
  fc.uint8Array({ maxLength: 130 }).map((bytes) => Buffer.from(bytes)),
  { maxLength: 5 },
);

test("octets as base64: one word or lines, of the size that is told before", async () => {
  const property = fc.asyncProperty(parts, fc.nat(200), async (all, start) => {
    const octets = joined(all);
    const word = Buffer.concat(all).toString("base64");
    const lines = word.replace(/.{1,76}/g, "$&\r\n");
    for (const [encoded, expected] of [
      [base64Of(octets), word],
      [base64LinesOf(octets), lines],
    ] as const) {
      assert.equal(String(await wholeOf(encoded)), expected);
      assert.equal(encoded.sizeBytes, expected.length);
      assert.equal(String(await wholeOf(sliceOf(encoded, start))), expected.slice(start));
    }
  });
  await fc.assert(property, { numRuns: 300 });
});
