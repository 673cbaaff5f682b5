import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { simpleParser } from "mailparser";
import { fixture } from "../../../test/fixtures/mime/mails.ts";
import { partsOf } from "./body-parts.ts";
import { maxPartDepth, maxParts } from "./limits.ts";
import type { Part } from "./message.ts";
import { parseMessage, type ParsedMessage } from "./mime.ts";
import { decodeTransfer } from "./transfer.ts";

const corpus = new URL("../../../../shared/corpus/mime/", import.meta.url);
const skip = existsSync(corpus) ? false : "no ../shared: the corpus of mails is not tried";

/** Section and type of every part, embedded messages included. */
function outline(part: Part): string[] {
  return [`${part.section} ${part.type}/${part.subtype}`, ...part.children.flatMap(outline)];
}

function text(parsed: ParsedMessage, section: string): string | undefined {
  return parsed.part(section)?.toString("utf8");
}

function level(n: number): string {
  return `Content-Type: multipart/mixed; boundary=b${n}\n\n--b${n}\n`;
}

describe("taking a mail apart", () => {
  it("takes a word alone for the mailbox of who writes, and for the name of who reads", () => {
    const { envelope } = parseMessage(Buffer.from("From: root\r\nTo: Carol\r\n\r\n"));
    const root = [{ name: "", address: "root" }];
    assert.deepEqual([envelope.from, envelope.sender, envelope.replyTo], [root, root, root]);
    assert.deepEqual(envelope.to, [{ name: "Carol", address: "" }]);
  });

  it("reads the envelope: encoded words, groups, quoted names, references", () => {
    const { envelope, references, headers } = parseMessage(fixture("plain-latin1"));
    assert.equal(envelope.subject, "Re: Grüße");
    assert.deepEqual(envelope.from, [{ name: "Jürgen Müller", address: "juergen@example.test" }]);
    assert.deepEqual(envelope.to, [
      { name: "Doe, Jane", address: "jane@example.test" },
      { name: "", address: "team@example.test" },
    ]);
    assert.deepEqual(envelope.cc, [{ name: "", address: "hidden@example.test" }]);
    assert.deepEqual(envelope.sender, envelope.from);
    assert.deepEqual(envelope.replyTo, [{ name: "", address: "answers@example.test" }]);
    assert.equal(envelope.date?.toISOString(), "2026-11-02T09:00:00.000Z");
    assert.equal(envelope.messageId, "plain-1@example.test");
    assert.deepEqual(references, ["root@example.test", "mid@example.test"]);
    assert.deepEqual(headers, { importance: "high" });
  });

  it("numbers sections as IMAP does", () => {
    assert.deepEqual(outline(parseMessage(fixture("flowed")).structure), ["1 text/plain"]);
    assert.deepEqual(outline(parseMessage(fixture("related")).structure), [
      " multipart/mixed",
      "1 multipart/related",
      "1.1 text/html",
      "1.2 image/png",
      "2 application/pdf",
      "3 text/plain",
    ]);
    assert.deepEqual(outline(parseMessage(fixture("nested")).structure), [
      " multipart/mixed",
      "1 text/plain",
      "2 message/rfc822",
      "2 multipart/mixed",
      "2.1 text/plain",
      "2.2 image/gif",
    ]);
  });

  it("gives the bytes of a section as they are", () => {
    const bytes = fixture("nested");
    const parsed = parseMessage(bytes);
    assert.equal(parsed.part(""), bytes);
    assert.equal(text(parsed, "1"), "See below.");
    assert.equal(text(parsed, "2.1"), "Inner text");
    assert.equal(text(parsed, "2.2"), "R0lGODlhAQABAAAAACw=");
    assert.match(text(parsed, "2") ?? "", /^From: c@example.test\r\n[^]*--inner--$/);
    assert.equal(parsed.part("3"), undefined);
    assert.equal(parsed.structure.children[1]?.envelope?.subject, "Inner ✓");
  });

  it("keeps a signed part byte for byte", () => {
    const parsed = parseMessage(fixture("signed"));
    assert.equal(text(parsed, "1"), "Signed wörds  ");
  });

  it("reads disposition, names and Content-ID", () => {
    const { structure } = parseMessage(fixture("related"));
    const image = structure.children[0]?.children[1];
    assert.equal(image?.contentId, "logo@example.test");
    assert.equal(structure.children[1]?.disposition, "attachment");
    assert.equal(structure.children[1]?.fileName, "../Rechnung Ü.pdf");
  });

  it("shows a multipart whose boundary never comes as text", () => {
    const parsed = parseMessage(fixture("broken"));
    assert.deepEqual(outline(parsed.structure), ["1 text/plain"]);
    assert.match(text(parsed, "1") ?? "", /^This is the text/);
  });

  it("takes mails without header, without body, and with bare line feeds", () => {
    assert.deepEqual(outline(parseMessage(Buffer.alloc(0)).structure), ["1 text/plain"]);
    assert.equal(
      text(parseMessage(Buffer.from("just words\nno header")), "1"),
      "just words\nno header",
    );
    assert.equal(text(parseMessage(Buffer.from("Subject: x\n\nbody")), "1"), "body");
    assert.equal(text(parseMessage(Buffer.from("Subject: x")), "1"), "");
    assert.equal(parseMessage(Buffer.from("\ufeffSubject: x\n\n")).envelope.subject, "x");
    assert.equal(parseMessage(Buffer.from("From x Mon\nSubject: y\n\n")).envelope.subject, "y");
  });

  it("stops at its limits of depth and number of parts", () => {
    const deep = Buffer.from(Array.from({ length: 500 }, (_, n) => level(n)).join(""));
    assert.ok(partsOf(parseMessage(deep).structure).length <= maxPartDepth + 1);
    const wide = Buffer.from(
      `Content-Type: multipart/mixed; boundary=b\n\n${"--b\n\nx\n".repeat(9000)}`,
    );
    assert.ok(partsOf(parseMessage(wide).structure).length <= maxParts + 1);
  });

  it("takes time that grows with the length alone", () => {
    const inner = "--b\nContent-Type: multipart/mixed; boundary=c\n\nx\n";
    const wide = `Content-Type: multipart/mixed; boundary=b\n\n${inner.repeat(40_000)}`;
    const folded = `Subject: ${"x\n ".repeat(700_000)}`;
    const addresses = `To: ${"a <b@c>, ".repeat(200_000)}`;
    for (const hostile of [wide, folded, addresses, ":\n".repeat(1_000_000)]) {
      assert.ok(parseMessage(Buffer.from(hostile)).structure.type !== "");
    }
  });

  it("finds the parts that another parser finds", { skip }, async (t) => {
    for (const file of readdirSync(corpus)) {
      await t.test(file, async () => agreesWithMailparser(readFileSync(new URL(file, corpus))));
    }
  });

  it("takes whatever damage was done to a mail", { skip }, () => {
    const mails = readdirSync(corpus)
      .map((file) => readFileSync(new URL(file, corpus)))
      .filter((bytes) => bytes.length < 10_000);
    const damage = fc.array(fc.tuple(fc.nat(9999), fc.nat(255)), { maxLength: 20 });
    fc.assert(
      fc.property(fc.constantFrom(...mails), damage, fc.nat(10_000), (mail, changes, cut) => {
        const bytes = Buffer.from(mail.subarray(0, Math.max(cut, 50)));
        for (const [at, value] of changes) bytes[at % bytes.length] = value;
        const parsed = parseMessage(bytes);
        for (const part of partsOf(parsed.structure)) {
          if (part.section !== "") assert.equal(parsed.part(part.section)?.length, part.sizeBytes);
        }
      }),
      { numRuns: 400 },
    );
  });
});

/** Same subject, and every attachment that mailparser finds has our bytes. */
async function agreesWithMailparser(bytes: Buffer): Promise<void> {
  const parsed = parseMessage(bytes);
  const theirs = await simpleParser(bytes, { skipHtmlToText: true, skipTextToHtml: true });
  assert.equal(parsed.envelope.subject, theirs.subject ?? "");
  const ours = partsOf(parsed.structure).map((part) =>
    decodeTransfer(parsed.part(part.section) ?? Buffer.alloc(0), part.encoding),
  );
  for (const { content, contentType } of theirs.attachments) {
    // mailparser changes line ends and charset of texts and of what follows a text.
    if (contentType.startsWith("text/") || contentType.startsWith("message/")) continue;
    assert.ok(
      ours.some((each) => each.equals(content)),
      `${contentType} of ${content.length} bytes is missing`,
    );
  }
}
