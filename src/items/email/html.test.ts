import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { htmlToPlain, plainToHtml } from "./html.ts";

describe("HTML and text", () => {
  it("makes readable text of HTML: links once, no pictures, a line per cell", () => {
    const html =
      "<style>p{}</style><h1>Title</h1><p>a &amp; b&nbsp;&euro;<br>c <img src=x alt=pic></p>" +
      "<p><a href='https://x.test/'>https://x.test/</a> <a href='https://y.test'>y</a></p>" +
      "<table><tr><td>1</td><td>2</td></tr></table>";
    assert.equal(
      htmlToPlain(html).text,
      "Title\r\n\r\na & b\u00a0€\r\nc\r\n\r\nhttps://x.test/ y [https://y.test]\r\n\r\n1\r\n2",
    );
  });

  it("reads only as much HTML as the wanted text needs, and knows when there is more", () => {
    const long = `<style>${"p{}".repeat(500)}</style>${"<p>Some words.</p>".repeat(1000)}`;
    const { text, share } = htmlToPlain(long, 100);
    assert.match(text, /^Some words\.\r\n\r\nSome/);
    assert.ok(text.length > 100 && text.length < 300 && share < 0.2);
    assert.equal(htmlToPlain("<p>Some words.</p><p> </p><br>", 9).share, 1);
    assert.ok(htmlToPlain("<p>Some words.</p><p>x</p>", 9).share < 1);
  });

  it("makes HTML of text that looks the same", () => {
    assert.equal(
      plainToHtml('1 < 2 & "x"\r\n  in  deep\nsee https://x.test/?a=1&b=2.'),
      "1 &lt; 2 &amp; &quot;x&quot;<br>\r\n&nbsp; in&nbsp; deep<br>\r\n" +
        'see <a href="https://x.test/?a=1&amp;b=2">https://x.test/?a=1&amp;b=2</a>.',
    );
  });

  it("keeps every word of a text on the way to HTML and back", () => {
    const words = fc.array(fc.constantFrom("a<b", "&amp;", '"q"', "x  y", "größe", "\n", "1 > 0"));
    fc.assert(
      fc.property(words, (list) => {
        const text = list.join(" ");
        const back = htmlToPlain(plainToHtml(text)).text.replace(/[\s\u00a0]+/g, " ");
        assert.equal(back.trim(), text.replace(/\s+/g, " ").trim());
      }),
    );
  });

  it("reads HTML that is nested without end, in time that grows with its length alone", () => {
    for (const hostile of [
      "<div>x",
      "<a>",
      "<ul><li>",
      "<table><tr><td>",
      "<b><i></b></i>",
      "<font>",
    ]) {
      const html = `start ${hostile.repeat(Math.ceil(400_000 / hostile.length))}`;
      assert.match(htmlToPlain(html).text, /^start/);
    }
  });
});
