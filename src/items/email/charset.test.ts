import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { decodeText, withoutTornEnd } from "./charset.ts";

function fromHex(hex: string, charset: string, html = false): string {
  return decodeText(Buffer.from(hex, "hex"), { charset, html });
}

describe("charsets", () => {
  it("have names of their own, not those of JavaScript's objects", () => {
    for (const name of ["constructor", "__proto__", "toString"]) {
      assert.equal(fromHex("e282ac", name), "€");
    }
  });

  const known: readonly (readonly [charset: string, hex: string, text: string])[] = [
    ["utf-8", "e282ac", "€"],
    ["UTF8", "e282ac", "€"],
    ["iso-8859-1", "fc80", "ü€"],
    ["ISO-8859-15", "a4", "€"],
    ["windows-1251", "cff0e8", "При"],
    ["koi8-r", "f0d2c9", "При"],
    ["iso-8859-8-i", "f9", "ש"],
    ["iso-2022-jp", "1b2442467c4b5c1b2842", "日本"],
    ["shift_jis", "93fa967b", "日本"],
    ["euc-jp", "c6fccbdc", "日本"],
    ["gb2312", "c4e3bac3", "你好"],
    ["GB18030", "c4e3bac3", "你好"],
    ["hz-gb-2312", "7e7b44633a437e7d20", "你好 "],
    ["big5", "a741a66e", "你好"],
    ["ks_c_5601-1987", "c7d1b1db", "한글"],
    ["iso-2022-kr", "1b242943410e4751315b0f42", "A한글B"],
    ["utf-7", "2b414f512d", "ä"],
    ["utf-16", "fffe6100", "a"],
    ["utf-16be", "00e4", "ä"],
    ["macintosh", "8a", "ä"],
    ["x-mac-roman", "8a", "ä"],
  ];
  for (const [charset, hex, text] of known) {
    it(`reads ${charset}`, () => {
      assert.equal(fromHex(hex, charset), text);
    });
  }

  it("reads an unknown charset as UTF-8 where the bytes are that, else as windows-1252", () => {
    assert.equal(fromHex("e282ac", "x-none-such"), "€");
    assert.equal(fromHex("fc93", "x-none-such"), "ü\u201c");
    assert.equal(fromHex("e282ac", "base64"), "€");
    assert.equal(fromHex("e282ac", ""), "€");
  });

  it("sees through wrong labels", () => {
    assert.equal(fromHex("67c3bc6e", "us-ascii"), "gün");
    assert.equal(fromHex("67c3bc6e", "iso-8859-1"), "gün");
    assert.equal(fromHex("67fc6e20f6e420e4e4", "utf-8"), "gün öä ää");
    assert.equal(fromHex("efbbbf67c3bc6e", "koi8-r"), "gün");
  });

  it("keeps UTF-8 with one broken byte as UTF-8", () => {
    const text = Buffer.from("größer als vorher, schön");
    const broken = Buffer.concat([text, Buffer.from([0xff]), Buffer.from(" öö")]);
    assert.equal(decodeText(broken, { charset: "utf-8" }), "größer als vorher, schön\uFFFD öö");
  });

  it("takes the charset that HTML names when Content-Type names none", () => {
    const html = Buffer.from('<meta charset="koi8-r">\xf0', "latin1").toString("hex");
    assert.equal(fromHex(html, "", true), '<meta charset="koi8-r">П');
    assert.equal(fromHex(html, ""), '<meta charset="koi8-r">ð');
  });

  it("drops a torn character at the end of a partial body", () => {
    const torn = Buffer.from("aä€😀").subarray(0, -1);
    assert.equal(decodeText(torn, { charset: "utf-8", partial: true }), "aä€");
    assert.equal(decodeText(torn, { charset: "us-ascii", partial: true }), "aä€");
  });

  it("cuts UTF-8 only where a character ends", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.nat(200), (text, at) => {
        const cut = withoutTornEnd(Buffer.from(text).subarray(0, at));
        assert.ok(text.toWellFormed().startsWith(cut.toString("utf8")));
      }),
    );
  });

  it("never throws, whatever the label and the bytes", () => {
    const label = fc.oneof(
      fc.string(),
      fc.constantFrom("utf-7", "utf-32", "hz-gb-2312", "iso-2022-kr"),
    );
    fc.assert(
      fc.property(fc.uint8Array(), label, (bytes, charset) => {
        assert.equal(typeof decodeText(Buffer.from(bytes), { charset, partial: true }), "string");
      }),
    );
  });
});
