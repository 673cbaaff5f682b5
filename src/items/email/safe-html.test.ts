import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Parser } from "htmlparser2";
import { htmlToPlain } from "./html.ts";
import { withCare } from "./safe-html.ts";

describe("HTML with care", () => {
  it("is what it was when none is wanted", () => {
    const html = "<p onclick=a>&nbsp;<script>x</script>";
    assert.equal(withCare(html), html);
    assert.equal(withCare(html, "unchanged"), html);
  });

  it("goes without scripts, handlers, forms, frames and objects, and keeps the words and the looks", () => {
    const html =
      `<!DOCTYPE html><html><head><meta charset="koi8-r"><base href="http://x/"><title>t</title>` +
      `<style>p{color:red}</style><script>alert(1)</script></head><body onload="x()" bgcolor="#fff">` +
      `<p class="a" style="margin:0" onclick="x()">1 &lt; 2 &amp; <b>3</b><o:p></o:p></p><svg><script>x</script></svg>` +
      `<form action="http://x/"><input value="v"><button>Press</button></form>` +
      `<iframe src="http://x/"></iframe><object data="x"><embed src="y">z</object></body></html>`;
    assert.equal(
      withCare(html, "safe"),
      `<!DOCTYPE html><html><head><style>p{color:red}</style></head><body bgcolor="#fff">` +
        `<p class="a" style="margin:0">1 &lt; 2 &amp; <b>3</b></p>Press</body></html>`,
    );
  });

  it("keeps links and pictures, and takes addresses that act", () => {
    const html =
      `<a href="https://x.test/?a=1&amp;b=2">a</a><a href="mailto:b@x.test">b</a><a href="#c">c</a>` +
      `<a href="java&#10;script:alert(1)">d</a><a href=" JavaScript:alert(1)">e</a><a href="data:text/html,x">f</a>` +
      `<img src="cid:g@x"><img src="https://x.test/h.gif" width="1"><img src="data:image/png;base64,AA==">` +
      `<img src="data:image/svg+xml,x"><img src="javascript:x">`;
    assert.equal(
      withCare(html, "safe"),
      `<a href="https://x.test/?a=1&amp;b=2">a</a><a href="mailto:b@x.test">b</a><a href="#c">c</a>` +
        `<a>d</a><a>e</a><a>f</a>` +
        `<img src="cid:g@x"><img src="https://x.test/h.gif" width="1"><img src="data:image/png;base64,AA==">` +
        `<img><img>`,
    );
  });

  it("fetches nothing when it is private, but shows what the mail brings along", () => {
    const html =
      `<style>@import "http://x/a.css"; td{background:url(http://x/b.png)} i{background:url('cid:c@x')}</style>` +
      `<table background="http://x/d.png"><tr><td style="color:red;background:url(&quot;http://x/e.png&quot;)">` +
      `<img src="http://x/f.gif"><img src="cid:g@x"><img srcset="http://x/h.png"></td></tr></table>`;
    assert.equal(
      withCare(html, "private"),
      `<style> td{background:none} i{background:url('cid:c@x')}</style>` +
        `<table><tr><td style="color:red;background:none"><img><img src="cid:g@x"><img></td></tr></table>`,
    );
    assert.equal(withCare(`<p style="background:u\\72l(http://x)">a`, "private"), "<p>a</p>");
    assert.equal(withCare(`<style>p{background:u\\72l(http://x)}</style>a`, "private"), "a");
    assert.equal(
      withCare(`<p style="background:image-set('http://x' 1x)">a`, "private"),
      "<p>a</p>",
    );
  });

  it("never lets anything act or be fetched, whatever it is made of, and changes nothing twice", () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        const safe = withCare(pieces.join(""), "safe");
        assert.deepEqual(faultsOf(safe, /^(?:#|https?:|mailto:|cid:|data:image\/png)/), []);
        assert.equal(withCare(safe, "safe"), safe);
        const own = withCare(pieces.join(""), "private");
        assert.deepEqual(faultsOf(own, /^(?:cid:|data:image\/png)/, { links: false }), []);
        assert.doesNotMatch(stylesOf(own), /url\((?!.?cid:)|@import/i);
      }),
      { numRuns: 2_000 },
    );
  });

  it("takes an element that is left out for nothing: what it stands between closes as without it", () => {
    assert.equal(withCare("<p>a<x-y>b<p>c</x-y>", "safe"), "<p>ab</p><p>c</p>");
  });

  it("keeps every word of letters without tricks", () => {
    const letter = `<html><body><div><h1>Dear Ann</h1><p>1 &lt; 2, caf&eacute;<br>next<table><tr><td>x<td>y</table></div>`;
    assert.equal(htmlToPlain(withCare(letter, "private")).text, htmlToPlain(letter).text);
  });

  it("takes time that grows with the length alone", () => {
    const hostiles = [
      "<div>",
      "<svg>",
      "<style>",
      "<a href='",
      "<p style='a:url(",
      "<!--",
      "&",
      "</p>",
      "@import",
      "<b><i></b>",
    ];
    for (const hostile of hostiles) {
      const html = hostile.repeat(Math.ceil(400_000 / hostile.length));
      assert.ok(withCare(html, "private").length < 20 * html.length);
      assert.ok(withCare(`<noscript>${html}`, "private").length < 20 * html.length);
      assert.ok(withCare(`<style>${html}`, "private").length < 20 * html.length);
    }
  });
});

const piece = fc.constantFrom(
  ..."<p> </p> <b> </b> <table> <tr> <td> </table> <script> </script> <style> </style> <svg> </svg> <title> </title>".split(
    " ",
  ),
  ..."<math> <textarea> </textarea> <noscript> </noscript> <select> <xmp> </xmp> <plaintext> <template> <iframe> </iframe>".split(
    " ",
  ),
  `<img src="cid:a">`,
  `<img src=x onerror=alert(1)>`,
  `<img src="http://x/">`,
  `<a href="http://x/">`,
  `<a href="javascript:alert(1)">`,
  `<p style="background:url(http://x)">`,
  `<p style='background:url("cid:a")'>`,
  `<body onload="x">`,
  "<!--",
  "-->",
  "<![CDATA[",
  "]]>",
  "words",
  "&lt;script&gt;",
  "&#60;img src=x onerror=x&#62;",
  "<",
  ">",
  '"',
  "'",
  "@import 'http://x';",
  "p{background:url(http://x/)}",
);

/** All style sheets and style attributes. */
function stylesOf(html: string): string {
  const styles: string[] = [];
  let isSheet = false;
  const parser = new Parser({
    onopentag: (name, { style = "" }) => {
      styles.push(style);
      isSheet = name === "style";
    },
    ontext: (text) => void (isSheet && styles.push(text)),
    onclosetag: () => (isSheet = false),
  });
  parser.end(html);
  return styles.join("\n");
}

const acting = new Set([
  "script",
  "iframe",
  "object",
  "embed",
  "form",
  "input",
  "svg",
  "math",
  "base",
  "link",
  "meta",
]);

/** Elements that act, handlers, and addresses that are not among the allowed ones. */
function faultsOf(html: string, allowed: RegExp, { links = true } = {}): string[] {
  const faults: string[] = [];
  const parser = new Parser({
    onopentag: (name, attributes) => {
      if (acting.has(name)) faults.push(name);
      for (const [key, value] of Object.entries(attributes)) {
        const isAddress = key === "src" || key === "background" || (links && key === "href");
        if (key.startsWith("on") || (isAddress && !allowed.test(value)))
          faults.push(`${key}=${value}`);
      }
    },
  });
  parser.end(html);
  return faults;
}
