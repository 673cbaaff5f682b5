import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { itemElement } from "../../../test/fixtures/mime/element.ts";
import { shownBytes } from "../../../test/fixtures/mime/shown.ts";
import { mailOptions } from "../../../test/fixtures/mime/mails.ts";
import { encode } from "../../wbxml/encode.ts";
import { planBody } from "./body-plan.ts";
import { noFlags, type Address, type Envelope, type MailItem, type Part } from "./message.ts";
import { toEas } from "./to-eas.ts";

const words = fc.string({ unit: "binary", maxLength: 30 });

const types = fc.constantFrom<(readonly [type: string, subtype: string])[]>(
  ["text", "plain"],
  ["text", "html"],
  ["text", "calendar"],
  ["text", "enriched"],
  ["image", "png"],
  ["application", "pkcs7-mime"],
  ["message", "rfc822"],
  ["message", "delivery-status"],
  ["multipart", "mixed"],
  ["multipart", "alternative"],
  ["multipart", "related"],
  ["multipart", "signed"],
  ["multipart", "report"],
  ["multipart", "appledouble"],
);

/** Parts as a confused server might describe them: any type with any children, to some depth. */
function partOf(depth: number): fc.Arbitrary<Part> {
  const described = fc.record({
    section: fc.constantFrom("", "1", "2", "1.1", "1.2", "2.1"),
    kind: types,
    parameters: fc.dictionary(
      fc.constantFrom("charset", "format", "delsp", "name", "start"),
      words,
    ),
    encoding: fc.constantFrom("7bit", "base64", "quoted-printable", "binary", "x"),
    sizeBytes: fc.nat(3000),
    disposition: fc.constantFrom("", "inline", "attachment"),
    fileName: words,
    contentId: words,
    contentLocation: words,
    children: depth === 0 ? fc.constant([]) : fc.array(partOf(depth - 1), { maxLength: 4 }),
  });
  return described.map(({ kind: [type, subtype], ...rest }) => ({ ...rest, type, subtype }));
}

const addresses = fc.array(fc.record<Address>({ name: words, address: words }), { maxLength: 3 });

const envelope = fc.record<Envelope>({
  subject: words,
  from: addresses,
  sender: addresses,
  replyTo: addresses,
  to: addresses,
  cc: addresses,
  bcc: addresses,
  date: fc.option(fc.date(), { nil: undefined }),
  messageId: words,
  inReplyTo: words,
});

const item = fc.record<MailItem>({
  number: fc.constant(7),
  flags: fc.constant(noFlags),
  received: fc.date({ noInvalidDate: true, min: new Date(0), max: new Date("2100-01-01") }),
  sizeBytes: fc.nat(3000),
  envelope,
  structure: partOf(3),
  references: fc.array(words, { maxLength: 2 }),
  headers: fc.dictionary(fc.constantFrom("importance", "x-priority", "thread-topic"), words),
});

const preference = fc.record(
  {
    Type: fc.integer({ min: 0, max: 5 }),
    TruncationSize: fc.nat(500),
    AllOrNone: fc.boolean(),
    Preview: fc.nat(300),
  },
  { requiredKeys: ["Type"] },
);

describe("odd mails", () => {
  it("never throw, keep to the sizes, and can be sent, whatever server and client say", () => {
    fc.assert(
      fc.property(
        item,
        fc.uniqueArray(preference, { maxLength: 3, selector: ({ Type }) => Type }),
        fc.nat(2),
        fc.uint8Array({ maxLength: 3000 }),
        (mail, preferences, mimeSupport, content) => {
          const plan = planBody(mail, mailOptions({ preferences, mimeSupport }));
          const bytes = Buffer.from(content);
          // Some sections do not come back.
          const fetched = plan.wanted
            .filter((_, at) => at % 3 !== 2)
            .map((wanted) => ({ ...wanted, bytes: bytes.subarray(0, wanted.maxBytes) }));
          const body = plan.finish(fetched);
          const limit = preferences.find(({ Type }) => Type === body.Body.Type)?.TruncationSize;
          assert.ok(shownBytes(body.Body.Data).length <= (limit ?? Infinity));
          const data = toEas(mail, body, {
            version: "14.1",
            fileReference: (section) => section,
            ownAddresses: [],
          });
          assert.ok(encode({ Email: data }, itemElement, "14.1").length > 0);
        },
      ),
      { numRuns: 300 },
    );
  });
});
