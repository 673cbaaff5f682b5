import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { octetsOf, wholeOf } from "../kit/octets.ts";
import { completeMail, readSubmitted } from "./outgoing.ts";

const completion = {
  messageId: "fixed@example.org",
  from: "anna@example.org",
  addresses: ["anna@example.org", "a@example.org", "a@x"],
  date: new Date(Date.UTC(2026, 10, 24, 8, 5, 9)),
};

async function read(mime: string | Buffer) {
  return await readSubmitted(octetsOf(Buffer.from(mime)));
}

/** What is sent and what is filed. */
async function complete(from: string | Buffer) {
  const { mime, copy } = completeMail(await read(from), completion);
  return { mime: await wholeOf(mime), copy: await wholeOf(copy) };
}

test("recipients come from To, Cc and Bcc, each once, groups and folded lines included", async () => {
  const mail = await read(
    'To: "Last, First" <a@example.org>,\r\n b@example.org\r\nCc: team: c@example.org, a@example.org;\r\n' +
      "Bcc: =?utf-8?Q?J=C3=BCrgen?= <d@example.org>\r\n\r\nbody",
  );
  const all = ["a@example.org", "b@example.org", "c@example.org", "d@example.org"];
  assert.deepEqual([mail.recipients, mail.unaddressed], [all, 0]);
});

test("an entry without an address is counted, an empty group is not", async () => {
  const mail = await read("To: Bob\r\nCc: undisclosed-recipients:;\r\n\r\n");
  assert.deepEqual([mail.recipients, mail.unaddressed], [[], 1]);
});

test("From names an address of the account, else the primary one under the same name", async () => {
  const fromOf = async (from: string) =>
    /^From: (.*)\r$/m.exec(
      (await complete(`To: b@x\r\nFrom: ${from}\r\n\r\n`)).mime.toString(),
    )?.[1];
  assert.equal(await fromOf("Anna <A@Example.org>"), "Anna <A@Example.org>");
  assert.equal(await fromOf('"An, Na" <eve@x>'), '"An, Na" <anna@example.org>');
  assert.equal(
    await fromOf("=?utf-8?Q?J=C3=BC?= <eve@x>"),
    "=?utf-8?Q?J=C3=BC?= <anna@example.org>",
  );
  assert.equal(await fromOf("a@x, eve@x"), "<anna@example.org>");
});

test("Bcc is taken out of what is sent and stays in the copy", async () => {
  const mail = await complete(
    "From: a@example.org\r\nBcc: x@example.org,\r\n y@example.org\r\nDate: x\r\nMessage-Id: <1@x>\r\nSubject: s\r\n\r\nBcc: in the body\r\n",
  );
  assert.equal(
    mail.mime.toString(),
    "From: a@example.org\r\nDate: x\r\nMessage-Id: <1@x>\r\nSubject: s\r\n\r\nBcc: in the body\r\n",
  );
  assert.match(mail.copy.toString(), /Bcc: x@example\.org,\r\n y@example\.org\r\n/);
});

test("From, Date and Message-ID are put in where the device left them out or empty", async () => {
  const mail = await complete("To: b@example.org\r\nFrom: \r\nMessage-ID:\r\n\r\nhello");
  assert.equal(
    mail.mime.toString(),
    "To: b@example.org\r\nFrom: <anna@example.org>\r\nDate: Tue, 24 Nov 2026 08:05:09 +0000\r\n" +
      "Message-ID: <fixed@example.org>\r\n\r\nhello",
  );
});

test("a complete mail with CRLF goes out octet for octet, whatever its bytes", async () => {
  const head = "From: a@example.org\r\nTo: b@example.org\r\nDate: x\r\nMessage-ID: <1@x>\r\n\r\n";
  const bytes = Buffer.concat([
    Buffer.from(head),
    Buffer.from([0xff, 0xfe, 0x80]),
    Buffer.from("\r\n"),
  ]);
  assert.deepEqual((await complete(bytes)).mime, bytes);
});

test("lone LF and CR become CRLF and lose no line", async () => {
  const mail = await complete("From: a@x\nTo: b@x\nDate: x\nMessage-ID: <1@x>\n\n.\nlast\rend");
  assert.ok(mail.mime.toString().endsWith("\r\n\r\n.\r\nlast\r\nend"));
});

test("a Message-ID with control characters is replaced", async () => {
  const mail = await complete("From: a@x\r\nTo: b@x\r\nDate: x\r\nMessage-ID: <1\u0000@x>\r\n\r\n");
  assert.ok(mail.mime.toString().endsWith("Date: x\r\nMessage-ID: <fixed@example.org>\r\n\r\n"));
});

test("a mail without a body is a header and an empty line", async () => {
  const mail = await complete("From: a@x\r\nTo: b@x\r\nDate: x\r\nMessage-ID: <1@x>");
  assert.ok(mail.mime.toString().endsWith("Message-ID: <1@x>\r\n\r\n"));
});

test("any bytes are read without a fault, and what is sent is a complete mail again", async () => {
  const line = fc.constantFrom(
    "To: a@x",
    "Bcc: b@x",
    " folded",
    "",
    "no field",
    "From: c@x",
    "é: 1",
    ":",
  );
  await fc.assert(
    fc.asyncProperty(fc.array(line), fc.constantFrom("\n", "\r\n", "\r"), async (lines, end) => {
      const { mime: sent } = await complete(lines.join(end));
      const again = await read(sent);
      assert.ok(again.from.length > 0 && again.hasDate && again.messageId !== "");
      assert.ok(!again.fields.some((field) => field.name === "bcc"));
      assert.deepEqual((await complete(sent)).mime, sent);
    }),
    { numRuns: 300 },
  );
});
