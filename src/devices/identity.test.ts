import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { canonicalDeviceId, InvalidDeviceId, isProbe, tidyText } from "./identity.ts";

const guid = Buffer.from("342BA3F3E6C6004A8F0019DE2F10FFEE", "hex");

test("DeviceId: a GUID in bytes is the device of the same 32 digits in text", () => {
  const canonical = "342ba3f3e6c6004a8f0019de2f10ffee";
  assert.equal(canonicalDeviceId(guid), canonical);
  assert.equal(canonicalDeviceId("342BA3F3E6C6004A8F0019DE2F10FFEE"), canonical);
  assert.equal(canonicalDeviceId("342ba3f3e6c6004a8f0019de2f10ffee"), canonical);
});

test("DeviceId: a text in bytes is the device of the same text, whatever its length and case", () => {
  for (const text of [
    "v140Device",
    "FJH8EBGIT175V4PBKNFLAVENRK",
    "androidc13107126",
    "a-hyphen",
    "x",
  ]) {
    assert.equal(canonicalDeviceId(Buffer.from(text)), canonicalDeviceId(text));
    assert.equal(canonicalDeviceId(text.toUpperCase()), canonicalDeviceId(text));
  }
});

test("DeviceId: the example of MS-ASHTTP 2.2.1.1.1 names one device in both forms", () => {
  const query = Buffer.from("jAAJBAp2MTQwRGV2aWNlAApTbWFydFBob25l", "base64");
  const length = query[4] ?? 0;
  assert.equal(canonicalDeviceId(query.subarray(5, 5 + length)), canonicalDeviceId("v140Device"));
});

for (const [wire, message] of [
  ["", /missing/],
  [Buffer.alloc(0), /missing/],
  ["a".repeat(33), /33 characters, at most 32/],
  ["with space", /letters, digits/],
  ["a,b", /letters, digits/],
  ["naïve", /letters, digits/],
  [Buffer.from([1, 2, 3]), /letters, digits/],
  [Buffer.alloc(33, "a"), /33 characters/],
] as const) {
  test(`DeviceId: ${JSON.stringify(wire)} is refused with a reason`, () => {
    assert.throws(
      () => canonicalDeviceId(wire),
      (error) => error instanceof InvalidDeviceId && message.test(error.message),
    );
  });
}

test("DeviceId: every device of the captured requests has one", (t) => {
  const index = new URL("../../../shared/corpus/wbxml/index.tsv", import.meta.url);
  if (!existsSync(index)) return t.skip("../shared is not there");
  const lines = readFileSync(index, "utf8").split("\n");
  const ids = lines.flatMap((line) => /[?&]DeviceId=([^&\s]*)/.exec(line)?.[1] ?? []);
  assert.ok(ids.length > 100);
  for (const id of ids) assert.match(canonicalDeviceId(id), /^[a-z0-9-]{1,32}$/);
});

test("DeviceId: only Gmail's probe is a probe", () => {
  assert.equal(isProbe(canonicalDeviceId("validate")), true);
  assert.equal(isProbe(canonicalDeviceId("validate1")), false);
});

test("Texts of a device lose control signs and what is too long", () => {
  assert.equal(tidyText(" Pixel\u0000 9\r\n"), "Pixel 9");
  assert.equal(tidyText("x".repeat(1000)).length, 256);
  assert.equal(tidyText(`${"x".repeat(255)}😀`).isWellFormed(), true);
});
