/** Mails as mailers write them: HTML with its markup, beside a text, in the encodings that are in use. */
import MailComposer from "nodemailer/lib/mail-composer/index.js";
import type { SeedMail } from "./seed.ts";

/** Sizes of the HTML, in KB: most are small, one in ten is beyond what a phone shows at first. */
const htmlSizes = [1, 2, 3, 4, 6, 8, 12, 16, 24, 40];

const words =
  "invoice meeting garden report Größe holiday the train of lunch and budget naïve to".split(" ");

/** `count` mails, an hour apart, the last one `now`; one in seven has an attachment, one in four answers another. */
export async function* ordinaryMails(count: number, now = new Date()): AsyncGenerator<SeedMail> {
  for (let index = 0; index < count; index++) {
    const received = new Date(now.getTime() - (count - 1 - index) * 3_600_000);
    yield {
      mime: await mimeOf(index, received),
      flags: index % 3 === 0 ? [] : ["\\Seen"],
      received,
    };
  }
}

async function mimeOf(index: number, date: Date): Promise<Buffer> {
  const mail = new MailComposer({
    from: { name: `Jürgen Müller ${index % 40}`, address: `jm${index % 40}@sub.example.test` },
    to: ['"Some Body" <somebody@example.test>', "other.person@example.test"],
    subject: `${sentence(index, 4)} ${index}`,
    date,
    messageId: idOf(index),
    ...(index % 4 === 3 ? { inReplyTo: idOf(index - 1), references: idOf(index - 1) } : {}),
    headers: {
      received: `from mx.example.test ([192.0.2.1]) by mail.example.test with ESMTPS id ${index}`,
      "dkim-signature": `v=1; a=rsa-sha256; d=example.test; s=a; bh=${"A".repeat(44)}; b=${"B".repeat(340)}`,
    },
    textEncoding: index % 5 < 3 ? "quoted-printable" : "base64",
    text: sentence(index, 60),
    html: htmlOf(index, 1024 * (htmlSizes[index % htmlSizes.length] ?? 1)),
    attachments:
      index % 7 === 6
        ? [{ filename: `report ${index}.pdf`, content: Buffer.alloc(20_000, "%") }]
        : [],
  });
  return await mail.compile().build();
}

function idOf(index: number): string {
  return `<${index}.0123456789abcdefghijklmnopqrstuvwxyz@mail.example.test>`;
}

function htmlOf(index: number, length: number): string {
  const head = "<html><head><style>td { color: #333 }</style></head><body>";
  let html = head;
  for (let row = 0; html.length < length; row++) {
    const style = "font-family:Arial,sans-serif;color:#333333";
    html += `<table width="600"><tr><td style="${style}"><p>${sentence(index + row, 20)}</p></td></tr></table>\n`;
  }
  return `${html}</body></html>`;
}

function sentence(from: number, count: number): string {
  return Array.from({ length: count }, (_, at) => words[(from * 3 + at * 5) % words.length]).join(
    " ",
  );
}
