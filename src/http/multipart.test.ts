import assert from "node:assert/strict";
import { test } from "node:test";
import { joined, wholeOf } from "../kit/octets.ts";
import { encodeMultipart } from "./multipart.ts";

test("Multipart: parts that are not in memory stand where they were announced", async () => {
  const parts = [Buffer.from("wbxml"), Buffer.alloc(70_000, "x"), Buffer.from("end")];
  const [head, large, end] = parts;
  assert.ok(head !== undefined && large !== undefined && end !== undefined);
  const streamed = encodeMultipart([head, joined([large.subarray(9), large.subarray(0, 9)]), end]);
  assert.ok(!Buffer.isBuffer(streamed));
  const whole = encodeMultipart(parts);
  assert.ok(Buffer.isBuffer(whole) && (await wholeOf(streamed)).equals(whole));
});

test("Multipart: a count, then an offset and a length for each part, then the parts", () => {
  const parts = [Buffer.from("wbxml"), Buffer.alloc(0), Buffer.from([0, 255])];
  const bytes = encodeMultipart(parts);
  assert.ok(Buffer.isBuffer(bytes));
  assert.equal(bytes.readUInt32LE(0), 3);
  const found = parts.map((_, index) => {
    const offset = bytes.readUInt32LE(4 + index * 8);
    return bytes.subarray(offset, offset + bytes.readUInt32LE(8 + index * 8));
  });
  assert.deepEqual(found, parts);
  assert.equal(bytes.length, 4 + 3 * 8 + 7);
});
