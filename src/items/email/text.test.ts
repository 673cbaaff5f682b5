import assert from "node:assert/strict";
import { isUtf8 } from "node:buffer";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cutText, previewOf, unenriched, unflow, utf8Size } from "./text.ts";

describe("plain text", () => {
  it("joins format=flowed paragraphs, quotes within their depth, and leaves signatures", () => {
    const text = "One para \r\ngraph.\r\n> quoted \r\n> text\r\n>> deeper\r\n From x\r\n-- \r\nMe";
    const joined = "One para graph.\r\n> quoted text\r\n>> deeper\r\nFrom x\r\n-- \r\nMe";
    assert.equal(unflow(text, false), joined);
  });

  it("deletes the space before a soft break when delsp says so", () => {
    assert.equal(unflow("日本 \r\n語 \r\n", true), "日本語");
  });

  it("reads text/enriched without its commands", () => {
    assert.equal(unenriched("<bold>a</bold> << b\n<param>x</param>c\n\nd"), "a < b c\nd");
  });

  it("cuts within the bytes, between whole characters", () => {
    assert.equal(cutText("aä€😀b", 10), "aä€😀");
    assert.equal(cutText("aä€😀b", 9), "aä€");
    assert.equal(cutText("ab\r\ncd", 3), "ab");
    assert.equal(cutText("xe\u0301y", 2), "x");
    assert.equal(cutText("x👩‍👩‍👧y", 10), "x");
    assert.equal(cutText("abc", 0), "");
  });

  it("cuts any text to a valid beginning of at most the size", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme", maxLength: 300 }), fc.nat(400), (text, size) => {
        const cut = cutText(text, size);
        assert.ok(utf8Size(cut) <= size);
        assert.ok(text.startsWith(cut));
        assert.ok(isUtf8(Buffer.from(cut)) && cut.isWellFormed());
        if (utf8Size(text) <= size) assert.equal(cut, text);
        else assert.ok(cut.length > 0 || size < 64, "more is cut than a joined character");
      }),
    );
  });

  it("previews the first words on one line within the length", () => {
    assert.equal(
      previewOf("\r\n  Hello\u200b\r\n\tworld \u034f\u00a0again", 255),
      "Hello world again",
    );
    assert.equal(previewOf("Hello world", 6), "Hello");
    assert.equal(previewOf("ab😀", 3), "ab");
  });
});
