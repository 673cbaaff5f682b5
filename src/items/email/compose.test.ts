import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { simpleParser } from "mailparser";
import { fixture } from "../../../test/fixtures/mime/mails.ts";
import { composed } from "../../../test/fixtures/mime/smart.ts";

const head = "From: b@x\r\nTo: a@x\r\nSubject: Re: it\r\nMIME-Version: 1.0\r\n";

function mail(...lines: readonly string[]): Buffer {
  return Buffer.from(lines.map((line) => `${line}\r\n`).join(""));
}

const letter = mail("From: Ann <a@x>", "To: b@x", "Subject: it", "Message-ID: <1@x>", "", "Words.");

describe("an answer", () => {
  it("keeps everything of the device's mail beside the text, octet by octet", async () => {
    const around = [
      `${head}Content-Type: multipart/mixed;\r\n\tboundary=own\r\nX-Odd:  spaces  \r\n\r\npreamble\r\n--own\r\n`,
      "\r\n--own\r\nContent-Type: image/gif\r\ncontent-transfer-encoding:BASE64\r\n\r\nR0lG\r\n\r\n--own--\r\nepilogue\r\n",
    ];
    const text =
      "Content-Language: de\r\nContent-Type: text/plain; charset=windows-1252\r\n\r\n\x80 5";
    const device = Buffer.from(around.join(text), "latin1");
    const answer = (await composed("reply", device, letter)).toString("latin1");
    assert.ok(answer.includes("X-Odd:  spaces  \r\n"));
    assert.ok(answer.includes("\tboundary=own\r\n\r\npreamble\r\n--own\r\n"));
    assert.ok(answer.endsWith(around[1] ?? ""));
    assert.ok(answer.includes("Content-Language: de\r\n"));
    const { text: read = "" } = await simpleParser(Buffer.from(answer, "latin1"));
    assert.match(read, /^€ 5\n\nFrom: .*\n\n> Words\.\n/s);
  });

  it("names the mails before it, unless the device did", async () => {
    const thread = mail("From: a@x", "Message-ID: <3@x>", "References: <1@x> <2@x>", "", "x");
    const answer = await composed("reply", `${head}\r\nyes`, thread);
    assert.match(
      answer.toString(),
      /^In-Reply-To: <3@x>\r\nReferences: <1@x>\r\n <2@x>\r\n <3@x>\r$/m,
    );
    const own = await composed("reply", `${head}In-Reply-To: <9@x>\r\n\r\nyes`, thread);
    assert.equal(own.toString().match(/^In-Reply-To/gm)?.length, 1);
    const long = Array.from({ length: 300 }, (_, at) => `<${at}@x>`).join(" ");
    const late = mail("From: a@x", "Message-ID: <300@x>", `References: ${long}`, "", "x");
    const { references = [] } = await simpleParser(await composed("reply", `${head}\r\nyes`, late));
    assert.deepEqual(
      [references.length, references[0], references.at(-1)],
      [50, "<0@x>", "<300@x>"],
    );
  });

  it("has no second heading where the device wrote its own", async () => {
    const own = `${head}\r\nYes.\r\n\r\nAm Montag schrieb Ann <a@x>:\r\n`;
    const { text } = await simpleParser(await composed("reply", own, letter));
    assert.equal(text, "Yes.\n\nAm Montag schrieb Ann <a@x>:\n\n> Words.\n");
  });

  it("marks lines once more that were quoted before, and joins flowed ones", async () => {
    const flowed = mail(
      "From: a@x",
      "Content-Type: text/plain; format=flowed",
      "",
      "One ",
      "line.",
      "> before",
      "",
      "-- ",
      "Ann",
    );
    const { text = "" } = await simpleParser(await composed("reply", `${head}\r\nby a@x`, flowed));
    assert.equal(text, "by a@x\n\n> One line.\n>> before\n>\n> -- \n> Ann\n");
  });

  it("puts the quote into the last of several texts, and into one text alone", async () => {
    const texts =
      `${head}Content-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\none\r\n` +
      "--m\r\nContent-Type: image/png\r\n\r\npng\r\n--m\r\nContent-Type: text/html\r\n\r\n<p>two</p>\r\n--m--\r\n";
    const answer = (await composed("reply", texts, letter)).toString();
    assert.equal(answer.match(/Words\./g)?.length, 1);
    assert.ok(answer.indexOf("Words.") > answer.indexOf("<p>two"));
    assert.ok(answer.includes("--m\r\n\r\none\r\n--m\r\n"));
  });

  it("goes before the only picture of a mail without text", async () => {
    const device = `${head}Content-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\niVBORw0KGgo=\r\n`;
    const answer = await simpleParser(await composed("reply", device, letter));
    assert.match(answer.text ?? "", /Words\./);
    assert.equal(answer.attachments[0]?.content.toString("base64"), "iVBORw0KGgo=");
  });

  it("is not put into what the device signed", async () => {
    const device = fixture("signed");
    const answer = (await composed("reply", device, letter)).toString("latin1");
    const body = device.subarray(device.indexOf("\r\n\r\n"));
    assert.ok(answer.endsWith(body.toString("latin1")));
    assert.ok(answer.includes("In-Reply-To: <1@x>"));
    assert.ok(!answer.includes("Words."));
  });
});

describe("a forward", () => {
  it("gives a picture another Content-ID where the device's mail has the same", async () => {
    const part = (text: string): string =>
      `Content-Type: multipart/related; boundary=r\r\n\r\n--r\r\nContent-Type: text/html\r\n\r\n${text}` +
      `<img src="cid:1@x">\r\n--r\r\nContent-Type: image/png\r\nContent-ID: <1@x>\r\n\r\n${text}\r\n--r--\r\n`;
    const original = Buffer.from(`From: a@x\r\n${part("theirs")}`);
    const forward = await composed("forward", head + part("ours"), original);
    const { html, attachments } = await simpleParser(forward, { keepCidLinks: true });
    const ids = [...String(html).matchAll(/cid:([^"]+)/g)].map(([, id]) => id);
    const shown = ids.map((id) => attachments.find(({ cid }) => cid === id)?.content.toString());
    assert.deepEqual(shown, ["ours", "theirs"]);
  });

  it("encodes what is binary, as not every server takes it", async () => {
    const bytes = Buffer.from(Array.from({ length: 300 }, (_, at) => at % 256));
    const original = Buffer.concat([
      mail(
        "From: a@x",
        "Content-Type: application/octet-stream; name=x",
        "Content-Transfer-Encoding: binary",
        "",
      ),
      bytes,
    ]);
    const { attachments } = await simpleParser(await composed("forward", `${head}\r\nx`, original));
    assert.deepEqual(attachments[0]?.content, bytes);
    assert.equal(attachments[0]?.filename, "x");
  });

  it("takes a mail along as it stands that is too long to be quoted", async () => {
    const original = mail(
      "From: a@x",
      "Subject: =?utf-8?Q?=C3=BC/ber?=",
      "",
      "x".repeat(2 ** 20 + 1),
    );
    const forward = await simpleParser(await composed("forward", `${head}\r\nlong`, original));
    assert.equal(forward.text, "long");
    assert.deepEqual(forward.attachments[0]?.content, original);
    assert.equal(forward.attachments[0]?.filename, "ü_ber.eml");
  });

  it("takes a sealed mail along as it stands, inside of others too", async () => {
    const sealed =
      "--m\r\nContent-Type: multipart/encrypted; boundary=e\r\n\r\n--e\r\n\r\nx\r\n--e--\r\n--m--\r\n";
    const original = Buffer.from(
      `From: a@x\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nlist\r\n${sealed}`,
    );
    const { attachments } = await simpleParser(await composed("forward", `${head}\r\nx`, original));
    assert.deepEqual(attachments[0]?.content, original);
  });
});
