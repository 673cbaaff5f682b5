import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { simpleParser } from "mailparser";
import { itemOf } from "../../../test/fixtures/mime/mails.ts";
import { composed } from "../../../test/fixtures/mime/smart.ts";
import { attribute, tnefStream } from "../../../test/fixtures/mime/tnef.ts";
import { planOriginal } from "./original.ts";

const kinds = ["reply", "forward"] as const;
const stream = tnefStream([[attribute.body, "Words that are packed.\0"]]).toString("base64");
const base64 = `Content-Transfer-Encoding: base64\r\n\r\n${stream}\r\n`;
const packed = `Content-Type: application/ms-tnef; name=winmail.dat\r\n${base64}`;
const named = `Content-Type: application/octet-stream; name=winmail.dat\r\n${base64}`;

function original(entity: string): Buffer {
  return Buffer.from(`From: a@x\r\nSubject: it\r\nMIME-Version: 1.0\r\n${entity}`);
}

function mixed(...entities: readonly string[]): string {
  const parts = entities.map((entity) => `--m\r\n${entity}\r\n`).join("");
  return `Content-Type: multipart/mixed; boundary=m\r\n\r\n${parts}--m--\r\n`;
}

const text = (words: string): string => `Content-Type: text/plain\r\n\r\n${words}`;

describe("an original whose words are packed into TNEF", () => {
  const entities = {
    alone: packed,
    "in a mixed": mixed(packed),
    "beside no words": mixed(text(""), named),
  };
  for (const [name, entity] of Object.entries(entities)) {
    for (const kind of kinds) {
      it(`goes along as it stands: ${name}, ${kind}`, async () => {
        const bytes = original(entity);
        const plan = planOriginal(itemOf(bytes), kind);
        assert.deepEqual([plan.isQuoted, plan.wanted], [false, []]);
        const device = "From: b@x\r\nSubject: it\r\n\r\nSee below.\r\n";
        const { text: read, attachments } = await simpleParser(await composed(kind, device, bytes));
        assert.equal(read?.trim(), "See below.");
        const whole = attachments.filter((each) => each.contentType === "message/rfc822");
        assert.deepEqual(
          whole.map(({ content }) => content),
          [bytes],
        );
      });
    }
  }
});

describe("an original with words beside TNEF, or with neither", () => {
  for (const kind of kinds) {
    it(`is quoted: ${kind}`, () => {
      const both = itemOf(original(mixed(text("Words."), packed)));
      assert.deepEqual(planOriginal(both, kind).wanted, [{ number: 7, section: "1" }]);
      const pdf = itemOf(original("Content-Type: application/pdf\r\n\r\n%PDF"));
      assert.equal(planOriginal(pdf, kind).isQuoted, true);
    });
  }
});
