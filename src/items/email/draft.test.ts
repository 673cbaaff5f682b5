import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { StatusError } from "../../../schemas/status.ts";
import { joined, octetsOf, wholeOf, type Octets } from "../../kit/octets.ts";
import { attachmentsOf } from "./attachments.ts";
import { bodyParts } from "./body-parts.ts";
import type { EmailData } from "./data.ts";
import { composeDraft, type DraftBase } from "./draft.ts";
import { changesContent, fromEasDraft } from "./draft-change.ts";
import { parseMessage, type ParsedMessage } from "./mime.ts";
import { outlineOf } from "./outline.ts";
import { fixture } from "../../../test/fixtures/mime/mails.ts";

const messageId = "0f3a-1@example.test";
const name = {
  from: "anna@example.test",
  token: "0f3a",
  version: { messageId, date: new Date(Date.UTC(2026, 10, 24, 8, 5, 9)) },
};

async function baseOf(mail: Buffer): Promise<DraftBase> {
  const octets = octetsOf(mail);
  return { octets, outline: await outlineOf(octets) };
}

/** The new version, as it stands and as it is read. */
async function composed(data: EmailData, before?: Buffer, removed: readonly string[] = []) {
  const change = fromEasDraft(data);
  const base = before && (await baseOf(before));
  const mime = change.body?.form === "mime" ? await baseOf(change.body.mime) : undefined;
  const draft = await composeDraft({ base, change, mime, removed: new Set(removed) }, name);
  const mail = await wholeOf(draft.octets);
  return { draft, mail, read: parseMessage(mail) };
}

function textOf(read: ParsedMessage, section: string): string {
  return read.part(section)?.toString() ?? "";
}

function namesIn(read: ParsedMessage): (string | undefined)[] {
  const { attachments } = bodyParts(read.structure);
  const listed = attachmentsOf(attachments, (section) => section) ?? [];
  return listed.map(({ Attachment }) => Attachment.DisplayName);
}

function file(ClientId: string, text: string, more: object = {}) {
  const Content = Buffer.from(text);
  return { Add: { ClientId, Method: 1, Content, DisplayName: `${ClientId}.txt`, ...more } };
}

const mixed = Buffer.from(
  [
    "From: anna@example.test",
    "To: old@example.test",
    "Subject: before",
    "X-Priority: 1",
    "References: <a@example.test>",
    "X-Own: kept",
    'Content-Type: multipart/mixed; boundary="b"',
    "",
    "--b",
    "Content-Type: text/plain; charset=iso-8859-1",
    "Content-Transfer-Encoding: 8bit",
    "",
    "Gr\u00fc\u00dfe",
    "--b",
    'Content-Type: application/pdf; name="one.pdf"',
    "Content-Transfer-Encoding: base64",
    "",
    "b25l",
    "--b",
    'Content-Type: image/png; name="two.png"',
    "Content-ID: <two>",
    "Content-Transfer-Encoding: base64",
    "",
    "dHdv",
    "--b--",
    "",
  ].join("\r\n"),
  "latin1",
);

describe("a new draft", () => {
  it("is a mail with From, Date and Message-ID", async () => {
    const { mail, read } = await composed({
      To: '"Büro, Nord" <buero@example.test>; bob@example.test, Carol',
      Bcc: "secret@example.test",
      Subject: "Grüße aus dem Süden, von einer langen Reise, die noch längst nicht zu Ende ist",
      Importance: 2,
      Body: { Type: 1, Data: "Hello\nWörld" },
    });
    assert.deepEqual(read.envelope.to, [
      { name: "Büro, Nord", address: "buero@example.test" },
      { name: "", address: "bob@example.test" },
      { name: "Carol", address: "" },
    ]);
    assert.deepEqual(read.envelope.bcc, [{ name: "", address: "secret@example.test" }]);
    assert.match(read.envelope.subject, /^Grüße aus dem Süden, .* zu Ende ist$/);
    assert.equal(read.envelope.messageId, messageId);
    assert.equal(read.envelope.from[0]?.address, name.from);
    assert.deepEqual(read.headers, { importance: "high", "x-priority": "1" });
    assert.match(textOf(read, "1"), /^Hello\r\nW=C3=B6rld$/);
    assert.ok(
      mail
        .toString("latin1")
        .split("\r\n")
        .every((line) => line.length <= 78),
    );
  });

  it("keeps a line break in a name or subject from beginning a field", async () => {
    const { mail } = await composed({
      To: '"a\r\nEvil: 1" <a@example.test>',
      Subject: "s\r\nEvil: 2",
      Attachments: [file("f", "x", { DisplayName: 'n"\r\nEvil: 3', ContentId: "<i>\r\nEvil: 4" })],
    });
    assert.doesNotMatch(mail.toString(), /^Evil/m);
  });

  it("has HTML with its text beside it, and files where they belong", async () => {
    const { draft, read } = await composed({
      Subject: "s",
      Body: { Type: 2, Data: '<p>Look: <img src="cid:pic"></p>' },
      Attachments: [
        file("plain", "0123"),
        file("shown", "png", { ContentType: "image/png", ContentId: "pic", IsInline: true }),
        file("mail", "Subject: inner\n\nwords", { Method: 5, DisplayName: "inner.eml" }),
      ],
    });
    assert.equal(read.structure.subtype, "mixed");
    const [related, ...files] = read.structure.children;
    assert.deepEqual(
      related?.children.map(({ subtype }) => subtype),
      ["alternative", "png"],
    );
    assert.deepEqual(
      related.children[0]?.children.map(({ subtype }) => subtype),
      ["plain", "html"],
    );
    assert.deepEqual(
      files.map(({ subtype }) => subtype),
      ["plain", "rfc822"],
    );
    assert.deepEqual(
      [...draft.added],
      [
        ["shown", "1.2"],
        ["plain", "2"],
        ["mail", "3"],
      ],
    );
    assert.equal(Buffer.from(textOf(read, "2"), "base64").toString(), "0123");
    assert.equal(textOf(read, "3"), "Subject: inner\r\n\r\nwords");
  });

  it("is the mail that the device gives as MIME, under the name of this version", async () => {
    const { mail, read } = await composed({
      Body: { Type: 4, Data: "To: b@example.test\nSubject: own\nMessage-ID: <1@x>\n\nwords" },
      Importance: 0,
    });
    assert.equal(read.envelope.subject, "own");
    assert.equal(read.envelope.messageId, messageId);
    assert.match(mail.toString(), /^From: <anna@example\.test>\r?$/m);
    assert.match(textOf(read, "1"), /^words/);
  });
});

describe("a changed draft", () => {
  it("keeps its content octet by octet when only fields change, and clears those left out", async () => {
    const { mail, read, draft } = await composed({ Subject: "after", Importance: 1 }, mixed);
    assert.equal(
      mail.subarray(mail.indexOf("--b")).equals(mixed.subarray(mixed.indexOf("--b"))),
      true,
    );
    assert.deepEqual([read.envelope.to, read.envelope.subject, read.headers], [[], "after", {}]);
    assert.match(mail.toString("latin1"), /^References: <a@example\.test>\r\nX-Own: kept\r$/m);
    assert.deepEqual(
      [...draft.kept],
      [
        ["1", "1"],
        ["2", "2"],
        ["3", "3"],
      ],
    );
  });

  it("keeps its fields when only the body changes, and its files octet by octet", async () => {
    const data = { Body: { Type: 2, Data: "<b>new</b><img src='cid:two'>" } };
    const { draft, read } = await composed(data, mixed);
    assert.equal(read.envelope.subject, "before");
    assert.deepEqual(namesIn(read), ["two.png", "one.pdf"]);
    assert.deepEqual(
      [...draft.kept],
      [
        ["3", "1.2"],
        ["2", "2"],
      ],
    );
    assert.deepEqual([textOf(read, "1.2"), textOf(read, "2")], ["dHdv", "b25l"]);
  });

  it("loses the files that are deleted and gets those that are added", async () => {
    const data = { Attachments: [file("three", "3")] };
    const { draft, mail, read } = await composed(data, mixed, ["2"]);
    assert.deepEqual(namesIn(read), ["two.png", "three.txt"]);
    assert.deepEqual(
      [...draft.kept],
      [
        ["1", "1"],
        ["3", "2"],
      ],
    );
    assert.deepEqual([...draft.added], [["three", "3"]]);
    assert.ok(mail.includes(Buffer.from("Gr\u00fc\u00dfe", "latin1")));
  });

  it("puts a file beside a text that was alone, and takes it away again", async () => {
    const alone = Buffer.from("Subject: s\r\nContent-Type: text/plain\r\n\r\nwords\r\n");
    const { mail, draft } = await composed({ Attachments: [file("a", "1")] }, alone);
    assert.deepEqual([...draft.added], [["a", "2"]]);
    const { read } = await composed({ Attachments: [{ Delete: { FileReference: "r" } }] }, mail, [
      "2",
    ]);
    assert.deepEqual(namesIn(read), []);
    assert.match(textOf(read, "1"), /^words/);
  });

  it("says where each part is now, whatever the mail was", async () => {
    const of = ["alternative", "nested", "related", "report", "signed", "flowed"];
    for (const before of of.map((each) => fixture(each))) {
      for (const data of [{ Subject: "s" }, { Attachments: [file("f", "9")] }]) {
        const { draft, read } = await composed(data, before);
        const was = parseMessage(before);
        for (const [old, now] of draft.kept) {
          assert.deepEqual(
            read.part(now)?.toString().trimEnd(),
            was.part(old)?.toString().trimEnd(),
          );
        }
        for (const section of draft.added.values())
          assert.equal(textOf(read, section).trim(), "OQ==");
      }
    }
  });
});

describe("what a device may not put into a draft", () => {
  const refused: readonly EmailData[] = [
    { Body: { Type: 3, Data: "{}" } },
    { Body: { Type: 4, Data: "" } },
    { Importance: 3 },
    { Attachments: [file("a", "1", { Method: 6 })] },
    { Attachments: [{ Attachment: { FileReference: "f1:1:1:2" } }] },
  ];
  for (const data of refused) {
    it(`is refused by Status 6: ${JSON.stringify(data).slice(0, 60)}`, () => {
      assert.throws(
        () => fromEasDraft(data),
        (error) => error instanceof StatusError && error.status === 6,
      );
    });
  }

  it("nor is Read, Flag or an empty Body a change of the content", () => {
    const data: EmailData = { Read: true, Flag: {}, Body: { Type: 2 } };
    assert.equal(changesContent(fromEasDraft(data)), false);
  });
});

it("adds a file and a mail that are not in memory as if they were", async () => {
  const inner = Buffer.from(`Subject: inner\n\nGr\u00fc\u00dfe\r\n${"line\n".repeat(30_000)}`);
  const added = (content: (bytes: Buffer) => Buffer | Octets): EmailData => ({
    Attachments: [
      { Add: { ClientId: "f", Method: 1, Content: content(inner), DisplayName: "f.bin" } },
      { Add: { ClientId: "m", Method: 5, Content: content(inner), DisplayName: "m.eml" } },
    ],
  });
  const away = await composed(added((bytes) => joined([bytes.subarray(0, 9), bytes.subarray(9)])));
  const held = await composed(added((bytes) => bytes));
  assert.deepEqual(away.mail, held.mail);
  assert.ok(away.mail.includes("Content-Transfer-Encoding: 8bit"));
  assert.ok(away.mail.includes(inner.toString("base64", 0, 57)));
});
