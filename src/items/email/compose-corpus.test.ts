import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { simpleParser, type ParsedMail } from "mailparser";
import { fixture, itemOf } from "../../../test/fixtures/mime/mails.ts";
import { composed } from "../../../test/fixtures/mime/smart.ts";
import { planOriginal } from "./original.ts";

const corpus = new URL("../../../../shared/corpus/mime/", import.meta.url);
const skip = existsSync(corpus) ? false : "no ../shared: the corpus of mails is not tried";

const head =
  "From: bob@example.test\r\nTo: ann@example.test\r\nSubject: FW: it\r\nMIME-Version: 1.0\r\n";
const words = "See below, Grüße";
const plain = `Content-Type: text/plain; charset=utf-8\r\n\r\n${words}\r\n`;
const html = `Content-Type: text/html; charset=utf-8\r\n\r\n<html><body><p>${words}</p></body></html>\r\n`;
const file =
  "Content-Type: application/pdf; name=a.pdf\r\nContent-Disposition: attachment\r\n\r\nof the device\r\n";

function parts(subtype: string, ...entities: readonly string[]): string {
  const boundary = `b-${subtype}`;
  const body = entities.map((entity) => `--${boundary}\r\n${entity}\r\n`).join("");
  return `Content-Type: multipart/${subtype}; boundary=${boundary}\r\n\r\n${body}--${boundary}--\r\n`;
}

/** Mails as devices hand them over. */
const devices = {
  text: head + plain,
  html: head + html,
  both: head + parts("alternative", plain, html),
  "text and a file": head + parts("mixed", plain, file),
  "both and a file": head + parts("mixed", parts("alternative", plain, html), file),
  "a file alone": head + file,
};

const hashOf = (content: Buffer): string => createHash("sha256").update(content).digest("hex");

/**
 * The attachments that mailparser sees, without other forms of the text (text/enriched) and what has no type at
 * all, which is text to us. It finds a line break in some parts of nothing.
 */
function attachmentsOf(mail: ParsedMail): string[] {
  const files = mail.attachments.filter(
    ({ contentType, filename }) =>
      contentType.includes("/") && !(contentType === "text/enriched" && filename === undefined),
  );
  return files.map(({ content }) =>
    hashOf(content.toString() === "\r\n" ? Buffer.alloc(0) : content),
  );
}

async function checkForward(device: string, original: Buffer): Promise<void> {
  const mail = await simpleParser(await composed("forward", device, original));
  const found = attachmentsOf(mail);
  if (!planOriginal(itemOf(original), "forward").isQuoted) {
    assert.ok(found.includes(hashOf(original)), "the original goes along as it stands");
  } else {
    for (const wanted of attachmentsOf(await simpleParser(original))) {
      const at = found.indexOf(wanted);
      assert.notEqual(at, -1, "each attachment goes along as it is");
      found.splice(at, 1);
    }
  }
  checkOwn(device, mail);
}

function checkOwn(device: string, mail: ParsedMail): void {
  assert.equal(mail.subject, "FW: it");
  if (device.includes(words)) assert.match(`${mail.text}${String(mail.html)}`, /See below, Grüße/);
  if (device.includes(file)) {
    const own = mail.attachments.map(({ content }) => content.toString().trim());
    assert.ok(own.includes("of the device"));
  }
}

async function checkReply(device: string, original: Buffer): Promise<void> {
  const mail = await simpleParser(await composed("reply", device, original));
  checkOwn(device, mail);
  const { text = "" } = await simpleParser(original);
  const word = /[A-Za-z]{5,}/.exec(text.slice(0, 2000))?.[0];
  const isSeen = word !== undefined && device.includes(plain);
  if (isSeen && planOriginal(itemOf(original), "reply").isQuoted) {
    assert.ok(`${mail.text}${String(mail.html)}`.includes(word), `the quote has "${word}"`);
  }
}

async function check(original: Buffer): Promise<void> {
  for (const device of Object.values(devices)) {
    await checkForward(device, original);
    await checkReply(device, original);
  }
}

describe("every mail can be answered and forwarded", () => {
  const own = "alternative broken flowed japanese nested plain-latin1 related report signed";
  for (const name of own.split(" ")) it(`${name} of our own`, () => check(fixture(name)));

  it("and so can the corpus", { skip }, async (t) => {
    for (const name of readdirSync(corpus)) {
      // As IMAP servers give it.
      const text = readFileSync(new URL(name, corpus), "latin1").replace(/\r?\n/g, "\r\n");
      await t.test(name, () => check(Buffer.from(text, "latin1")));
    }
  });
});
