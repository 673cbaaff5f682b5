import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { appendToHtml, contentIdsIn, htmlFragment, withMetaUtf8 } from "./html-quote.ts";

describe("a fragment of HTML", () => {
  it("is what the body holds, with the style sheets and comments that programs need", () => {
    const html =
      "<!DOCTYPE html><html><head><meta charset=koi8-r><title>x</title><style>p{}</style>" +
      "<base href='http://x/'><script>alert(1)</script></head><body><!--[if mso]>m<![endif]--><p>a</body></html>";
    assert.equal(htmlFragment(html), "<style>p{}</style><!--[if mso]>m<![endif]--><p>a");
  });

  it("keeps what the body says of itself", () => {
    const html = `<BODY bgcolor="#fff" text=red style='margin:0;font-family:"A"' dir=rtl class="x">a</BODY>`;
    const style = "background-color:#fff;color:red;margin:0;font-family:&quot;A&quot;";
    assert.equal(htmlFragment(html), `<div style="${style}" class="x" dir="rtl">a</div>`);
  });

  it("leaves out markup that breaks off", () => {
    assert.equal(htmlFragment("<p>a</p><img src="), "<p>a</p>");
    assert.equal(htmlFragment("<p>a</p><!-- never ends"), "<p>a</p>");
  });
});

describe("HTML at the end of a document", () => {
  it("stands inside the body", () => {
    const added = (html: string): string => appendToHtml(html, "[q]");
    assert.equal(added("<html><body>a</body></html>"), "<html><body>a[q]</body></html>");
    assert.equal(added("<html>a</html>\r\n"), "<html>a[q]</html>\r\n");
    assert.equal(added("a"), "a[q]");
    assert.equal(added("<body>a</body></html><p>b"), "<body>a</body></html><p>b[q]");
    assert.equal(added("a<!-- </body> -->"), "a<!-- </body> -->[q]");
    assert.equal(added("a<!-- never ends"), "a[q]");
  });

  it("is never inside a tag or a comment", () => {
    const piece = fc.constantFrom(
      "<body>",
      "</body>",
      "<!--",
      "-->",
      "<p a='",
      "'>",
      "x",
      "</html>",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
        const html = appendToHtml(pieces.join(""), "<q1>quote</q1>");
        assert.match(htmlFragment(html), /<q1>quote<\/q1>/);
      }),
    );
  });

  it("has the charset that it is sent in", () => {
    const html = `<meta charset="koi8-r"><meta content="text/html; charset=utf-7">`;
    assert.equal(
      withMetaUtf8(html),
      `<meta charset="utf-8"><meta content="text/html; charset=utf-8">`,
    );
  });
});

it("Content-IDs of HTML are found however they are written", () => {
  const html = `<img src="cid:a@x"><td background='CID:b%40x'><i style="background:url(cid:c&amp;d)">cid:%zz`;
  assert.deepEqual([...contentIdsIn(html)], ["a@x", "b@x", "c&d", "%zz"]);
});
