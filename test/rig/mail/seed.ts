/** Fills a folder with many mails at once, as another client would, by MULTIAPPEND (RFC 3502). */
import { connect, type Socket } from "node:net";
import { createInterface } from "node:readline";

/** A mail to be put into a folder. */
export interface SeedMail {
  readonly mime: Buffer;
  readonly flags?: readonly string[];
  readonly received?: Date;
}

const mailsPerCommand = 500;

/** Appends mails in order; the folder is created when it is missing. */
export async function seedMails(
  where: { readonly port: number; readonly user: string; readonly folder: string },
  mails: readonly SeedMail[],
): Promise<void> {
  const socket = connect(where.port, "127.0.0.1");
  const ask = asker(socket);
  try {
    await ask([`LOGIN "${where.user}" secret`]);
    if (where.folder !== "INBOX") {
      await ask([`CREATE "${where.folder}"`]).catch(ignoreExisting);
    }
    for (let at = 0; at < mails.length; at += mailsPerCommand) {
      await ask(appendCommand(where.folder, mails.slice(at, at + mailsPerCommand)));
    }
    await ask(["LOGOUT"]);
  } finally {
    socket.destroy();
  }
}

function ignoreExisting(error: unknown): void {
  if (!String(error).includes("ALREADYEXISTS")) throw error;
}

function appendCommand(folder: string, mails: readonly SeedMail[]): (string | Buffer)[] {
  const pieces: (string | Buffer)[] = [`APPEND "${folder}"`];
  for (const { mime, flags = [], received } of mails) {
    const date = received === undefined ? "" : ` "${internalDate(received)}"`;
    pieces.push(` (${flags.join(" ")})${date} {${mime.length}+}\r\n`, mime);
  }
  return pieces;
}

/** RFC 3501 date-time, in UTC. */
function internalDate(date: Date): string {
  const [, day, month, year, time] = date.toUTCString().split(" ");
  return `${day}-${month}-${year} ${time} +0000`;
}

function asker(socket: Socket): (pieces: readonly (string | Buffer)[]) => Promise<void> {
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  let commands = 0;
  return async (pieces) => {
    const tag = `s${++commands}`;
    socket.write(`${tag} `);
    for (const piece of pieces) socket.write(piece);
    socket.write("\r\n");
    for (;;) {
      const { value, done } = await lines.next();
      if (done === true) throw new Error("the IMAP server hung up");
      if (!value.startsWith(`${tag} `)) continue;
      if (!value.startsWith(`${tag} OK`)) throw new Error(`seeding: ${value}`);
      return;
    }
  };
}

const words = "invoice meeting garden report friday holiday train lunch budget draft".split(" ");

/**
 * Mails as people get them: text with HTML, now and then an attachment or an answer to an earlier one; an hour
 * apart, the last one now. The same arguments make the same mails.
 */
export function realisticMails(count: number, now = new Date()): SeedMail[] {
  return Array.from({ length: count }, (_, index) => {
    const received = new Date(now.getTime() - (count - 1 - index) * 3_600_000);
    const flags = [
      ...(index % 3 === 0 ? ["\\Seen"] : []),
      ...(index % 10 === 0 ? ["\\Flagged"] : []),
      ...(index % 7 === 0 ? ["\\Answered"] : []),
    ];
    return { mime: realisticMail(index, received), flags, received };
  });
}

function realisticMail(index: number, date: Date): Buffer {
  const subject = `${words[index % 10]} ${words[(index * 7 + 3) % 10]} ${index}`;
  const answers =
    index % 4 === 3
      ? [`In-Reply-To: <${index - 1}@seed.test>`, `References: <${index - 1}@seed.test>`]
      : [];
  const sentences = Array.from(
    { length: 3 + (index % 20) },
    (_, at) => `The ${words[(index + at) % 10]} is about the ${words[(index * 3 + at) % 10]}.`,
  );
  const lines = [
    `From: "Sender ${index % 40}" <sender${index % 40}@example.test>`,
    "To: <somebody@example.test>",
    `Subject: ${subject}`,
    `Date: ${date.toUTCString().replace("GMT", "+0000")}`,
    `Message-ID: <${index}@seed.test>`,
    ...answers,
    "MIME-Version: 1.0",
    ...bodyLines(sentences, index % 10 === 9),
  ];
  return Buffer.from(`${lines.join("\r\n")}\r\n`);
}

function bodyLines(sentences: readonly string[], withAttachment: boolean): string[] {
  const alternative = [
    'Content-Type: multipart/alternative; boundary="alt"',
    "",
    "--alt",
    "Content-Type: text/plain; charset=utf-8",
    "",
    ...sentences,
    "--alt",
    "Content-Type: text/html; charset=utf-8",
    "",
    `<html><body>${sentences.map((text) => `<p>${text}</p>`).join("\r\n")}</body></html>`,
    "--alt--",
  ];
  if (!withAttachment) return alternative;
  return [
    'Content-Type: multipart/mixed; boundary="mix"',
    "",
    "--mix",
    ...alternative,
    "--mix",
    'Content-Type: application/pdf; name="report.pdf"',
    'Content-Disposition: attachment; filename="report.pdf"',
    "Content-Transfer-Encoding: base64",
    "",
    ...Array.from(
      { length: 40 },
      () => "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVphYmNkZWZnaGlqa2xtbm9wcXJzdHV2d3h5ejAx",
    ),
    "--mix--",
  ];
}
