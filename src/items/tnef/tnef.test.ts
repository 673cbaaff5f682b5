import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  attribute,
  mapiList,
  tnefAttachment,
  tnefStream,
} from "../../../test/fixtures/mime/tnef.ts";
import { emlOf, readTnef, type Tnef } from "./index.ts";
import { decompressRtf } from "./rtf-compressed.ts";
import { readRtf } from "./rtf.ts";

const corpus = new URL("../../../../shared/corpus/tnef/", import.meta.url);
const skip = existsSync(corpus) ? false : "no ../shared: the corpus of TNEF is not tried";

const unicode = 0x1f;
const binary = 0x102;
const long = 0x03;

function number(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

const nested = tnefStream([
  [
    attribute.messageProperties,
    mapiList([
      [unicode, 0x37, "Früher"],
      [unicode, 0x1000, "Worte"],
    ]),
  ],
  ...tnefAttachment("deep.txt", "deep"),
]);

const sample = tnefStream([
  [attribute.subject, "Subject\0"],
  [attribute.messageProperties, mapiList([[binary, 0x1013, Buffer.from("<p>Rich</p>")]])],
  ...tnefAttachment("SHORT~1.TXT", "plain words", [[unicode, 0x3707, "längerer Name.txt"]]),
  ...tnefAttachment("image.png", "pixels", [
    [unicode, 0x370e, "image/png"],
    [unicode, 0x3712, "picture@example.test"],
  ]),
  // Exchange puts words for readers without MAPI where the data of files are.
  ...tnefAttachment("", "cannot be read by this mail system", [
    [long, 0x3705, number(5)],
    [unicode, 0x3001, "Früher"],
    [0x0d, 0x3701, Buffer.concat([Buffer.alloc(16), nested])],
  ]),
  ...tnefAttachment("object", "ole", [[long, 0x3705, number(6)]]),
]);

function check(bytes: Buffer): void {
  const found = readTnef(bytes);
  if (found === undefined) return;
  const size = (tnef: Tnef): number =>
    tnef.attachments.reduce(
      (sum, { data, message }) => sum + data.length + (message ? size(message) : 0),
      0,
    );
  // Each byte is in one attachment of each depth at the most.
  assert.ok(size(found) <= bytes.length * 4);
  for (const { message } of found.attachments) if (message !== undefined) emlOf(message);
}

describe("TNEF", () => {
  it("is unpacked into body, files, pictures, objects and messages", () => {
    const found = readTnef(sample);
    assert.ok(found !== undefined);
    assert.equal(found.subject, "Subject");
    assert.equal(found.html, "<p>Rich</p>");
    assert.deepEqual(
      found.attachments.map(({ name, mimeType, contentId, isOle }) => [
        name,
        mimeType,
        contentId,
        isOle,
      ]),
      [
        ["längerer Name.txt", "", "", false],
        ["image.png", "image/png", "picture@example.test", false],
        ["Früher", "", "", false],
        ["object", "", "", true],
      ],
    );
    assert.equal(found.attachments[0]?.data.toString(), "plain words");
    const message = found.attachments[2]?.message;
    assert.ok(message !== undefined);
    const eml = emlOf(message).toString();
    assert.match(eml, /^Subject: =\?UTF-8\?/);
    assert.match(eml, /filename=deep\.txt/);
    assert.ok(eml.includes(Buffer.from("Worte").toString("base64")));
  });

  it("is nothing where it does not begin as TNEF, and what came before where it breaks off", () => {
    assert.equal(readTnef(Buffer.from("no TNEF at all")), undefined);
    assert.equal(readTnef(Buffer.alloc(0)), undefined);
    const cut = readTnef(sample.subarray(0, sample.indexOf("pixels") + 3));
    assert.equal(cut?.attachments.length, 2);
    const longer = readTnef(Buffer.concat([sample, Buffer.from("something behind it")]));
    assert.equal(longer?.attachments.length, 4);
  });

  it("that contains itself without end is left out where it is too deep", () => {
    let bytes = nested;
    for (let depth = 0; depth < 10; depth++) {
      bytes = tnefStream(
        tnefAttachment("", "", [
          [long, 0x3705, number(5)],
          [0x0d, 0x3701, Buffer.concat([Buffer.alloc(16), bytes])],
        ]),
      );
    }
    let message = readTnef(bytes);
    let levels = 0;
    for (; message !== undefined; levels++) message = message.attachments[0]?.message;
    assert.equal(levels, 4);
  });

  it("of the corpus is unpacked", { skip }, async (t) => {
    for (const file of readdirSync(corpus)) {
      await t.test(file, () => check(readFileSync(new URL(file, corpus))));
    }
    const names = (file: string): unknown[] =>
      readTnef(readFileSync(new URL(file, corpus)))?.attachments.map(({ name, data }) => [
        name,
        data.length,
      ]) ?? [];
    assert.deepEqual(names("mimekit--two-files.tnef"), [
      ["AUTHORS", 244],
      ["README", 893],
    ]);
    assert.deepEqual(names("mimekit--long-filename.tnef"), [["allproductsmar2000.dat", 279]]);
    const { message } =
      readTnef(readFileSync(new URL("mimekit--christmas.tnef", corpus)))?.attachments[1] ?? {};
    assert.equal(message?.subject, "Build a train table");
    assert.match(
      readTnef(readFileSync(new URL("mimekit--body.tnef", corpus)))?.html ?? "",
      /^<!DOCTYPE HTML/,
    );
    assert.match(
      readTnef(readFileSync(new URL("mimekit--rtf.tnef", corpus)))?.text ?? "",
      /agka;kgag/,
    );
  });

  it("of any bytes at all is read or not, within its limits", () => {
    const mutation = fc.record({
      at: fc.nat(sample.length - 1),
      put: fc.uint8Array({ minLength: 1, maxLength: 8 }),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 8 }), (mutations) => {
        const bytes = Buffer.from(sample);
        for (const { at, put } of mutations) Buffer.from(put).copy(bytes, at);
        check(bytes);
      }),
      { numRuns: 2000 },
    );
    fc.assert(fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => check(Buffer.from(bytes))));
  });
});

describe("an RTF body", () => {
  const rtf = (text: string): ReturnType<typeof readRtf> => readRtf(Buffer.from(text, "latin1"));

  it("is its words, without tables, pictures and settings", () => {
    const { text, html } = rtf(
      "{\\rtf1\\ansi\\ansicpg1252{\\fonttbl{\\f0 Arial;}}{\\*\\generator Something;}\\pard Gr\\'fc\\'dfe \\{1\\}\\par " +
        "\\u8364?5\\tab x{\\pict 0011}\\line end}",
    );
    assert.equal(text, "Grüße {1}\r\n€5\tx\r\nend");
    assert.equal(html, undefined);
  });

  it("that wraps HTML is that HTML", () => {
    const { html } = rtf(
      "{\\rtf1\\ansi\\ansicpg1252\\fromhtml1 {\\fonttbl{\\f0 Arial;}}{\\*\\htmltag64 <p>}\\htmlrtf {\\htmlrtf0 " +
        "One {\\*\\htmltag84 &lt;}two\\htmlrtf\\par}\\htmlrtf0{\\*\\htmltag72 </p>}}",
    );
    assert.equal(html, "<p>One &lt;two</p>");
  });

  it("is expanded from its compressed form", () => {
    // The example of MS-OXRTFCP 4.1.1.
    const example = Buffer.from(
      "2d0000002b0000004c5a4675f1c5c7a703000a007263706731323542320af32068656c090020627705b06c647d0a800fa0",
      "hex",
    );
    const expected = "{\\rtf1\\ansi\\ansicpg1252\\pard hello world}\r\n";
    assert.equal(decompressRtf(example)?.toString("latin1"), expected);
    assert.equal(decompressRtf(Buffer.from("short")), undefined);
    assert.equal(decompressRtf(Buffer.alloc(40)), undefined);
  });

  it("of any bytes is read in bounded time", () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        rtf(`{\\rtf1 ${text}`);
        decompressRtf(
          Buffer.concat([
            Buffer.from("ffffffffffffffff4c5a467500000000", "hex"),
            Buffer.from(text),
          ]),
        );
      }),
      { numRuns: 500 },
    );
    const deep = rtf(`${"{".repeat(100_000)}word${"}".repeat(100_000)}end`);
    assert.equal(deep.text, "wordend");
  });
});
