import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeMultipart } from "./multipart.ts";

test("Multipart: a count, then an offset and a length for each part, then the parts", () => {
  const parts = [Buffer.from("wbxml"), Buffer.alloc(0), Buffer.from([0, 255])];
  const bytes = encodeMultipart(parts);
  assert.equal(bytes.readUInt32LE(0), 3);
  const found = parts.map((_, index) => {
    const offset = bytes.readUInt32LE(4 + index * 8);
    return bytes.subarray(offset, offset + bytes.readUInt32LE(8 + index * 8));
  });
  assert.deepEqual(found, parts);
  assert.equal(bytes.length, 4 + 3 * 8 + 7);
});
