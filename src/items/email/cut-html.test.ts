import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { cutHtml, mendHtml } from "./cut-html.ts";
import { htmlTokens } from "./html-tokens.ts";
import { utf8Size } from "./text.ts";

/** Every element that is opened is closed, in order; voids and raw elements aside. */
function isBalanced(html: string): boolean {
  const open: string[] = [];
  for (const token of htmlTokens(html)) {
    if (token.kind === "open") open.push(token.name);
    else if (token.kind === "close" && open.pop() !== token.name) return false;
  }
  return open.length === 0;
}

/** No tag, entity or comment is torn: what is left of them would be text with "<" or an open "&". */
function hasTornMarkup(html: string, source: string): boolean {
  const text = [...htmlTokens(html)]
    .filter((token) => token.kind === "text")
    .map((token) => html.slice(token.start, token.end));
  const unfinished = [...htmlTokens(html)].some(
    (token) => token.kind === "hidden" && !html.slice(token.start, token.end).endsWith(">"),
  );
  const tornEntity =
    text.some((each) => /&[#a-z0-9]*$/i.test(each)) && !/&(?![#a-z0-9]+;)/i.test(source);
  return unfinished || tornEntity;
}

const piece = fc.constantFrom(
  "<p>", "</p>", "<div class='a>b'>", "</div>", "<b>", "</b>", "<i>", "</i>", "<br>", "<img src=x>",
  '<a href="https://example.test/?a=1&amp;b=2">', "</a>", "<ul>", "<li>", "</li>", "</ul>", "<td>", "<tr>",
  "&amp;", "&euro;", "&#8364;", "word ", "größe", "日本語", "😀", "e\u0301", "\r\n", "<!-- note -->",
  "<style>p > a { color: red }</style>", "<script>if (a < b) c()</script>", "a < b ",
); // prettier-ignore

describe("cutting HTML", () => {
  it("leaves HTML that fits as it is", () => {
    const html = "<P>Hello<BR>there";
    assert.equal(cutHtml(html, 17), html);
  });

  it("takes elements by any name, those of JavaScript's objects too", () => {
    const html = "<constructor><p>one<__proto__>two";
    assert.equal(cutHtml(html, 1000), html);
    assert.match(cutHtml(`${html}${"x".repeat(1000)}`, 200), /^<constructor>/);
  });

  it("cuts in text and closes what is open", () => {
    const html = "<html><body><p>Hello <b>wide world</b></p></body></html>";
    assert.equal(cutHtml(html, 55), "<html><body><p>Hello <b>wide worl</b></p></body></html>");
    assert.equal(cutHtml(html, 40), "<html><body><p>Hello </p></body></html>");
    assert.equal(cutHtml(html, 5), "");
  });

  it("cuts neither tags nor entities nor comments", () => {
    assert.equal(cutHtml('ab<a title="x > y">c</a>', 8), "ab");
    assert.equal(cutHtml("ab&euro;cdefgh", 6), "ab");
    assert.equal(cutHtml("ab&euro;cdefgh", 9), "ab&euro;c");
    assert.equal(cutHtml("ab<!-- a comment that is long -->cdefgh", 8), "abcdefgh");
    assert.equal(cutHtml("ab&#x20ac", 8), "ab");
  });

  it("leaves out style sheets that would take the room of the text", () => {
    const html = `<html><head><style>${"x".repeat(500)}</style></head><body>Hello you</body></html>`;
    assert.equal(cutHtml(html, 60), "<html><head></head><body>Hello you</body></html>");
    assert.equal(cutHtml(html, 44), "<html><head></head><body>Hello</body></html>");
  });

  it("ends elements that HTML ends by itself", () => {
    assert.equal(
      cutHtml("<ul><li>one<li>two<li>three</ul>", 31),
      "<ul><li>one</li><li>t</li></ul>",
    );
  });

  it("mends HTML that was not fetched whole", () => {
    assert.equal(mendHtml("<p>one <b>two <a href='x", 100), "<p>one <b>two </b></p>");
    assert.equal(mendHtml("<p>one <!-- two", 100), "<p>one </p>");
  });

  it("gives balanced HTML within the size, torn nowhere, for any document", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 60 }), fc.nat(700), (pieces, size) => {
        const source = pieces.join("");
        const cut = cutHtml(source, size);
        assert.ok(utf8Size(cut) <= size);
        assert.ok(cut.isWellFormed());
        if (cut === source) return;
        assert.ok(isBalanced(cut), cut);
        assert.ok(!hasTornMarkup(cut, source), cut);
      }),
      { numRuns: 500 },
    );
  });

  it("takes time that grows with the length alone", () => {
    for (const hostile of [
      "<div>",
      "<a href='",
      "</p>",
      "<!--",
      "<b></i>",
      "<",
      "&",
      "<style>",
      "<p <",
    ]) {
      const html = hostile.repeat(Math.ceil(1_000_000 / hostile.length));
      assert.ok(utf8Size(cutHtml(html, 100_000)) <= 100_000);
    }
  });
});
