import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { after, describe, it } from "node:test";
import { pino } from "pino";
import {
  assertReadAlike,
  mailsIn,
  regularMails,
  type NamedMail,
} from "../../../test/rig/mail/read-alike.ts";
import { mailServers } from "../../../test/rig/mail/servers.ts";
import { findPart } from "../../items/email/body-parts.ts";
import type { MailItem, Part, PartFetched } from "../../items/email/message.ts";
import { parseMessage } from "../../items/email/mime.ts";
import { ImapConnection } from "./connection.ts";
import { listItems } from "./list.ts";
import { fetchParts } from "./parts.ts";

const root = join(import.meta.dirname, "../../..");
const corpus = join(root, "../shared/corpus/mime");

/** Sections and types of all parts, embedded messages included. */
function outline(part: Part): string[] {
  const own = `${part.section || "top"} ${part.type}/${part.subtype}`;
  return [own, ...part.children.flatMap(outline)];
}

describe("mails listed by Dovecot", async () => {
  const mail = await mailServers();
  after(() => mail.stop());

  async function listed(mimes: readonly Buffer[]) {
    const user = mail.freshUser();
    await mail.seed(
      user,
      "INBOX",
      mimes.map((mime) => ({ mime })),
    );
    const { host, port } = mail.imap;
    const connection = await ImapConnection.open(
      { host, port, security: "plain" },
      { login: user, password: "secret", fingerprint: "", clientAddress: "" },
      { log: pino({ level: "silent" }), silenceMs: 60_000 },
    );
    const numbers = mimes.map((_, at) => at + 1);
    const items = await listItems(connection, "INBOX", numbers);
    return { connection, items, [Symbol.asyncDispose]: async () => connection.drop() };
  }

  /** Dovecot reads a part that broke off, or a second closing delimiter, as one more part, which is empty. */
  function withoutEmptyEnd(part: Part): Part {
    const children = part.children.map(withoutEmptyEnd);
    const last = children.at(-1);
    const isEmpty = last?.type === "text" && last.sizeBytes === 0 && children.length > 1;
    return { ...part, children: isEmpty ? children.slice(0, -1) : children };
  }

  /** With a multipart that has no part: Dovecot gives it an empty one, we show its text. */
  const otherwise = new Set([
    "broken.eml",
    "mikel-mail--attachment_emails--attachment_message_rfc822_inline_image.eml",
    "mimekit--messages--empty-multipart.txt",
  ]);

  async function compareAll(mails: readonly NamedMail[]): Promise<void> {
    await using box = await listed(mails.map(({ mime }) => mime));
    assert.equal(box.items.length, mails.length);
    for (const [at, { name, mime }] of mails.entries()) {
      const item = box.items[at] as MailItem;
      const parsed = parseMessage(mime);
      assert.deepEqual(item.references, parsed.references, name);
      assert.deepEqual(item.headers, parsed.headers, name);
      assert.deepEqual(item.envelope.date, parsed.envelope.date, name);
      assert.equal(item.envelope.messageId, parsed.envelope.messageId, name);
      if (otherwise.has(name)) continue;
      const own = outline(withoutEmptyEnd(item.structure));
      assert.deepEqual(own, outline(withoutEmptyEnd(parsed.structure)), name);
    }
  }

  it("have the sections that the mail itself shows", async () => {
    await compareAll(await mailsIn(join(root, "test/fixtures/mime")));
  });

  it(
    "have them whatever wrote the mail",
    { skip: existsSync(corpus) ? false : "../shared/corpus/mime is not there" },
    async () => await compareAll(await mailsIn(corpus)),
  );

  it("are told as they are read here, where every server reads them alike", async () => {
    await assertReadAlike(mail, await regularMails());
  });

  it("can be fetched by each of their sections, messages in messages included", async () => {
    const mimes = [nested("text/plain"), nested("multipart/mixed")];
    await using box = await listed(mimes);
    for (const [at, item] of box.items.entries()) {
      const parsed = parseMessage(mimes[at] as Buffer);
      const sections = [...new Set(sectionsOf(item.structure))].filter((section) => section !== "");
      assert.ok(sections.includes("2.2.1"), sections.join(" "));
      const client = box.connection.client;
      const fetched = await client.fetchOne(
        String(item.number),
        { uid: true, bodyParts: sections },
        { uid: true },
      );
      assert.ok(fetched !== false);
      for (const section of sections) {
        const bytes: Buffer | undefined = fetched.bodyParts?.get(section);
        // To Dovecot the line break before an outer delimiter belongs to an inner multipart.
        const own = parsed.part(section)?.toString().trimEnd();
        assert.equal(bytes?.toString().trimEnd(), own, section);
        assert.equal(findPart(item.structure, section)?.section, section);
      }
    }
  });

  it("have names and words decoded once", async () => {
    await using box = await listed([
      message([
        "From: =?utf-8?Q?J=C3=BCrgen_=3D=3Futf-8=3FQ=3Fx=3F=3D?= <j@example.test>",
        "To: undisclosed-recipients:;",
        "Subject: =?iso-8859-1?Q?Stra=DFe?=",
        "Date: nonsense",
        "References: <one@example.test>",
        " <two@example.test>",
        "Thread-Topic: =?utf-8?Q?Stra=C3=9Fe?=",
        "Importance: high",
        "Content-Type: application/pdf; name*=utf-8''%C3%BCber%20uns.pdf",
        "Content-Disposition: attachment; filename*0*=iso-8859-1''%FCber; filename*1*=%20uns.pdf",
        "Content-Id: <part@example.test>",
      ]),
    ]);
    const [item] = box.items;
    assert.deepEqual(item?.envelope.from, [
      { name: "Jürgen =?utf-8?Q?x?=", address: "j@example.test" },
    ]);
    assert.deepEqual(item.envelope.to, []);
    assert.equal(item.envelope.subject, "Straße");
    assert.equal(item.envelope.date, undefined);
    assert.deepEqual(item.references, ["one@example.test", "two@example.test"]);
    assert.deepEqual(item.headers, { "thread-topic": "Straße", importance: "high" });
    const { section, fileName, parameters, disposition, contentId } = item.structure;
    assert.deepEqual(
      { section, fileName, name: parameters["name"], disposition, contentId },
      {
        section: "1",
        fileName: "über uns.pdf",
        name: "über uns.pdf",
        disposition: "attachment",
        contentId: "part@example.test",
      },
    );
  });

  it("show octets that no header may have, as they were meant", async () => {
    const raw = "From: J\xfcrgen <j@example.test>\r\nSubject: Stra\xdfe\r\n\r\nbody\r\n";
    const utf8 = "From: Jürgen <j@example.test>\r\nSubject: Straße\r\n\r\nbody\r\n";
    await using box = await listed([Buffer.from(raw, "latin1"), Buffer.from(utf8, "utf8")]);
    for (const { envelope } of box.items) {
      assert.equal(envelope.subject, "Straße");
      assert.equal(envelope.from[0]?.name, "Jürgen");
    }
  });

  it("are left out when they are gone", async () => {
    await using box = await listed([message(["Subject: here"])]);
    const items = await listItems(box.connection, "INBOX", [7, 1, 9]);
    assert.deepEqual(
      items.map(({ number, envelope }) => [number, envelope.subject]),
      [[1, "here"]],
    );
    assert.deepEqual(await listItems(box.connection, "INBOX", [7]), []);
    assert.deepEqual(await listItems(box.connection, "INBOX", []), []);
  });

  it("come by one command for many", async () => {
    await using box = await listed(
      Array.from({ length: 300 }, (_, at) => message([`Subject: ${at}`])),
    );
    const before = box.connection.commands;
    const numbers = box.items.map(({ number }) => number);
    const items = await listItems(box.connection, "INBOX", numbers);
    assert.equal(items.length, 300);
    assert.equal(box.connection.commands - before, 1);
  });

  it("give their whole parts by one command, whatever their sizes, and cut ones by one for each cut", async () => {
    const lengths = [10, 5_000, 70_000, 9_000, 300_000];
    await using box = await listed(
      lengths.map((length) => Buffer.from(`Subject: long\r\n\r\n${"x".repeat(length)}`)),
    );
    const { connection, items } = box;
    const before = connection.commands;
    const wanted = items.map(({ number, structure: { sizeBytes } }) => {
      const isWhole = sizeBytes <= 100_000;
      return { number, section: "1", maxBytes: isWhole ? sizeBytes + 1 : 40_000, isWhole };
    });
    const parts = await fetchParts(connection, wanted);
    const sizes = new Map(parts.map(({ number, bytes }) => [number, bytes.length]));
    assert.deepEqual(
      [1, 2, 3, 4, 5].map((number) => sizes.get(number)),
      [10, 5_000, 70_000, 9_000, 40_000],
    );
    assert.equal(connection.commands - before, 2);
  });

  it("give several parts of each by one command, and all of one that has no limit", async () => {
    const mails = [20, 6_000].map((length) =>
      Buffer.from(multipart("b", ["first", "x".repeat(length)])),
    );
    await using box = await listed(mails);
    const { connection } = box;
    const before = connection.commands;
    const wanted = [1, 2].flatMap((number) => [
      { number, section: "1", maxBytes: 100, isWhole: true },
      { number, section: "2", maxBytes: 7_000, isWhole: true },
    ]);
    const told = (parts: readonly PartFetched[]): unknown[] =>
      parts.map(({ number, section, bytes }) => [number, section, bytes.length]);
    const all = [
      [1, "1", 5],
      [1, "2", 20],
      [2, "1", 5],
      [2, "2", 6_000],
    ];
    assert.deepEqual(told(await fetchParts(connection, wanted)), all);
    assert.equal(connection.commands - before, 1);
    const unlimited = [
      { number: 1, section: "2", maxBytes: 100, isWhole: true },
      { number: 2, section: "2", isWhole: true },
    ];
    assert.deepEqual(told(await fetchParts(connection, unlimited)), [all[1], all[3]]);
  });

  it("keep no more of a part than was wanted, however much the server gives", async () => {
    const lengths = [200_000, 100_000];
    await using box = await listed(
      lengths.map((length) => Buffer.from(`Subject: long\r\n\r\n${"x".repeat(length)}`)),
    );
    const wanted = [10, 100_000].map((maxBytes, at) => {
      return { number: at + 1, section: "1", maxBytes, isWhole: true };
    });
    const parts = await fetchParts(box.connection, wanted);
    const little = parts.find(({ number }) => number === 1);
    assert.equal(little?.bytes.length, 10);
    assert.ok(little.bytes.buffer.byteLength < 100_000, "the rest is not kept alive");
  });
});

function message(fields: readonly string[]): Buffer {
  return Buffer.from(`${["Mime-Version: 1.0", ...fields].join("\r\n")}\r\n\r\nbody\r\n`);
}

/** A mail with a message in a message; the innermost is of the given type. */
function nested(innermost: "text/plain" | "multipart/mixed"): Buffer {
  const text = "Content-Type: text/plain\r\n\r\ninnermost";
  const inner =
    innermost === "text/plain"
      ? text
      : `Content-Type: multipart/mixed; boundary=c\r\n\r\n--c\r\n${text}\r\n--c--`;
  const middle = multipart("b", ["first", `message/rfc822 Subject: inner\r\n${inner}`]);
  return Buffer.from(multipart("a", ["first", `message/rfc822 Subject: middle\r\n${middle}`]));
}

function multipart(boundary: string, parts: readonly string[]): string {
  const bodies = parts.map((part) => {
    const [, embedded] = /^message\/rfc822 ([^]*)$/.exec(part) ?? [];
    const type = embedded === undefined ? "text/plain" : "message/rfc822";
    return `--${boundary}\r\nContent-Type: ${type}\r\n\r\n${embedded ?? part}\r\n`;
  });
  const head = `Mime-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=${boundary}`;
  return `${head}\r\n\r\n${bodies.join("")}--${boundary}--\r\n`;
}

function sectionsOf(part: Part): string[] {
  return [part.section, ...part.children.flatMap(sectionsOf)];
}
