import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { gunzipSync } from "node:zlib";
import { compressed, takesGzip } from "./compress.ts";
import { maxCompressedBytes, minCompressedBytes } from "./limits.ts";
import { multipartType, success, wbxmlType } from "./outgoing.ts";

test("Accept-Encoding: gzip is taken where it is named and not refused", () => {
  for (const yes of ["gzip", "GZIP", "deflate, gzip;q=0.5", "x-gzip", "*", "br;q=1, *;q=0.1"]) {
    assert.equal(takesGzip(yes), true, yes);
  }
  for (const no of [
    "",
    "identity",
    "gzip;q=0",
    "gzip; q=0.000",
    "*;q=0",
    "gzip;q=0, *",
    "gzipped",
  ]) {
    assert.equal(takesGzip(no), false, no);
  }
});

test("Large WBXML becomes smaller and is the same again at the other end", async () => {
  const body = Buffer.alloc(minCompressedBytes, "abc");
  const { headers, body: sent } = await compressed(success(wbxmlType, body), "gzip, deflate");
  assert.equal(headers["Content-Encoding"], "gzip");
  assert.ok(Buffer.isBuffer(sent) && sent.length < body.length);
  assert.deepEqual(gunzipSync(sent), body);
});

test("What would not gain, or is asked for otherwise, goes out as it is", async () => {
  const body = Buffer.alloc(minCompressedBytes);
  const random = createHash("shake256", { outputLength: minCompressedBytes }).digest();
  for (const [outgoing, accepted] of [
    [success(wbxmlType, body), undefined],
    [success(wbxmlType, body.subarray(1)), "gzip"],
    [success(wbxmlType, Buffer.alloc(maxCompressedBytes + 1)), "gzip"],
    [success(multipartType, body), "gzip"],
    [success(wbxmlType, random), "gzip"],
  ] as const) {
    assert.equal(await compressed(outgoing, accepted), outgoing);
  }
});
