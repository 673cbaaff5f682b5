import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { itemElement } from "../../../test/fixtures/mime/element.ts";
import { Utf8Text } from "../../kit/octets.ts";
import { encode } from "../../wbxml/encode.ts";
import type { BodyParts } from "./body-parts.ts";
import type { Part } from "./message.ts";
import { renderBody, renderText, type Origin, type Rendition } from "./rendition.ts";

const html: Part = {
  section: "1",
  type: "text",
  subtype: "html",
  parameters: {},
  encoding: "8bit",
  sizeBytes: 0,
  disposition: "",
  fileName: "",
  contentId: "",
  contentLocation: "",
  children: [],
};

function partsOf(rich: readonly Part[]): BodyParts {
  return { rich, plain: rich, attachments: [] };
}

function originOf(bytes: Buffer, origin: Partial<Origin> = {}): Origin {
  const part = { number: 1, section: "1", bytes, maxBytes: bytes.length + 1 };
  return { fetched: new Map([["1", part]]), limitBytes: 32_768, ...origin };
}

function sent({ data: Data }: Rendition): Buffer {
  return encode({ Email: { Body: { Type: 2, Data } } }, itemElement, "14.1");
}

function isUnchanged(
  bytes: Buffer,
  part: Partial<Part> = {},
  origin: Partial<Origin> = {},
): boolean {
  const { data } = renderBody(partsOf([{ ...html, ...part }]), "html", originOf(bytes, origin));
  return data instanceof Utf8Text;
}

const markup = fc.array(
  fc.constantFrom(
    "<p>",
    "</p>",
    "größe",
    "€",
    "😀",
    "&amp;",
    "\r\n",
    "\u0000",
    "\u0085",
    "\uFFFE",
    "\uFFFF",
    "+AGE-",
  ),
);
const texts = markup.map((pieces) => Buffer.from(pieces.join("")));
const octets = fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes));
const heads = fc.constantFrom("", "\uFEFF", "<meta charset=utf-7>", '<meta charset="koi8-r">');
const bodies = fc
  .tuple(heads, fc.oneof({ arbitrary: texts, weight: 4 }, octets))
  .map(([head, body]) => Buffer.concat([Buffer.from(head), body]));
const charsets = [
  "",
  "utf-8",
  "UTF8",
  "us-ascii",
  "iso-8859-1",
  "koi8-r",
  "utf-7",
  "utf-16le",
  "x-odd",
];

describe("HTML that goes out as it came", () => {
  it("is on the wire what the text of it would be, whatever it is and is said to be", () => {
    let unchanged = 0;
    fc.assert(
      fc.property(
        bodies,
        fc.constantFrom(...charsets),
        fc.nat(300),
        (bytes, charset, limitBytes) => {
          const parts = partsOf([{ ...html, parameters: { charset } }]);
          const from = originOf(bytes, { limitBytes });
          const body = renderBody(parts, "html", from);
          const text = renderText(parts, "html", from);
          assert.deepEqual({ ...body, data: sent(body) }, { ...text, data: sent(text) });
          if (body.data instanceof Utf8Text) unchanged++;
        },
      ),
      { numRuns: 2000 },
    );
    assert.ok(unchanged > 50, `${unchanged} were unchanged`);
  });

  it("is one whole part of clean UTF-8 within the limit, of which no care is to be taken", () => {
    const bytes = Buffer.from("<p>größe €</p>");
    assert.ok(isUnchanged(bytes));
    assert.ok(isUnchanged(bytes, { parameters: { charset: "utf-8" } }));
    assert.ok(
      isUnchanged(Buffer.from("<p>gr=C3=B6=\r\n=C3=9Fe</p>"), { encoding: "quoted-printable" }),
    );
    assert.ok(!isUnchanged(bytes, { parameters: { charset: "koi8-r" } }));
    assert.ok(!isUnchanged(bytes, { subtype: "plain" }));
    assert.ok(!isUnchanged(bytes, {}, { limitBytes: bytes.length - 1 }));
    assert.ok(!isUnchanged(bytes, {}, { htmlCare: "safe" }));
    assert.ok(!isUnchanged(Buffer.from("<p>\u0001</p>")));
    assert.ok(!isUnchanged(Buffer.from([0x3c, 0xff])));
    assert.ok(!isUnchanged(Buffer.from("\uFEFF<p>")));
  });

  it("is no part that broke off", () => {
    const bytes = Buffer.from("<p>größe");
    const torn = { number: 1, section: "1", bytes, maxBytes: bytes.length };
    const from = { ...originOf(bytes), fetched: new Map([["1", torn]]) };
    const { data, truncated } = renderBody(partsOf([html]), "html", from);
    assert.equal(data, "<p>größe</p>");
    assert.equal(truncated, true);
  });
});
