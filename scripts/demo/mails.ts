/** The mails of the demo: a small mailbox of what mail is like, and one more each minute. */
import { crc32, deflateSync } from "node:zlib";
import MailComposer from "nodemailer/lib/mail-composer";
import type { Mailbox, User } from "./post-office.ts";

/** One mail and where it lies when the demo starts. */
interface Seed {
  readonly path: string;
  readonly flags: readonly string[];
  readonly hoursAgo: number;
  readonly mail: ConstructorParameters<typeof MailComposer>[0];
}

const hourMs = 3_600_000;

/** Fills a mailbox; `other` is who writes to its owner. */
export async function seed(mailbox: Mailbox, other: User, now: Date): Promise<void> {
  for (const { path, flags, hoursAgo, mail } of seeds(mailbox.user, other)) {
    const date = new Date(now.getTime() - hoursAgo * hourMs);
    mailbox.deliver(await new MailComposer({ ...mail, date }).compile().build(), {
      path,
      flags,
      date,
    });
  }
}

/** A new mail, for push to be seen. */
export async function newMail(mailbox: Mailbox, other: User, now: Date): Promise<void> {
  const time = now.toISOString().slice(11, 19);
  const mail = {
    from: from(other),
    to: mailbox.user.address,
    date: now,
    subject: `It is ${time} UTC`,
    text: `This mail was put into your mailbox at ${time} UTC. The next one comes in a minute.\n`,
  };
  mailbox.deliver(await new MailComposer(mail).compile().build());
}

function from({ name, address }: User): string {
  return `${name} <${address}>`;
}

function seeds(owner: User, other: User): readonly Seed[] {
  const incoming = { from: from(other), to: owner.address };
  const seen = ["\\Seen"];
  return [
    {
      path: "Archive/2026",
      flags: seen,
      hoursAgo: 24 * 40,
      mail: { ...incoming, subject: "Minutes of the last meeting", text: "Nothing was decided.\n" },
    },
    ...thread(owner, other),
    {
      path: "INBOX",
      flags: [...seen, "\\Flagged"],
      hoursAgo: 26,
      mail: {
        ...incoming,
        subject: "Figures for October",
        text: "Both files are attached.\n",
        attachments: [
          { filename: "figures.csv", content: "month,mails\nSeptember,1204\nOctober,1388\n" },
          { filename: "Übersicht.txt", content: "Alles im grünen Bereich.\n" },
        ],
      },
    },
    {
      path: "INBOX",
      flags: seen,
      hoursAgo: 8,
      mail: {
        ...incoming,
        subject: "A picture in the text",
        text: "The picture is in the HTML part.\n",
        html: '<p>Seen from the east gate:</p><p><img src="cid:dawn@demo" alt="Dawn"></p>',
        attachments: [{ filename: "dawn.png", cid: "dawn@demo", content: picture(160, 90) }],
      },
    },
    {
      path: "INBOX",
      flags: [],
      hoursAgo: 3,
      mail: {
        ...incoming,
        subject: "Grüße aus Köln, 東京 und Αθήνα 🚲",
        text: "Schöne Grüße!\nよろしくお願いします。\nΤα λέμε σύντομα.\n",
      },
    },
    {
      path: "INBOX",
      flags: [],
      hoursAgo: 1,
      mail: {
        ...incoming,
        subject: "Welcome to the demo of Eastgate",
        text: `Hello ${owner.name},\n\nanswer this mail: ${other.name} gets it. A new mail comes every minute.\n`,
        html: `<h1>Hello ${owner.name}</h1><p>Answer this mail: <b>${other.name}</b> gets it.</p><p>A new mail comes every minute.</p>`,
      },
    },
  ];
}

function thread(owner: User, other: User): readonly Seed[] {
  const id = (number: number) => `<lunch-${number}.${owner.name.toLowerCase()}@demo.test>`;
  const subject = "Lunch on Thursday?";
  const answer = (number: number) => ({
    subject: `Re: ${subject}`,
    messageId: id(number),
    inReplyTo: id(number - 1),
    references: [id(1), id(2)].slice(0, number - 1),
  });
  const theirs = { from: from(other), to: owner.address };
  const ours = { from: from(owner), to: other.address };
  const first = { ...theirs, subject, messageId: id(1), text: "At the usual place, at noon?\n" };
  const second = { ...ours, ...answer(2), text: "Half past twelve is better.\n" };
  const third = { ...theirs, ...answer(3), text: "Half past twelve it is.\n" };
  return [
    { path: "INBOX", flags: ["\\Seen", "\\Answered"], hoursAgo: 52, mail: first },
    { path: "Sent", flags: ["\\Seen"], hoursAgo: 51, mail: second },
    { path: "INBOX", flags: ["\\Seen"], hoursAgo: 50, mail: third },
  ];
}

/** A PNG that goes from orange to blue. */
function picture(width: number, height: number): Buffer {
  const rows = Array.from({ length: height }, (_, y) => {
    const share = y / height;
    const pixel = [60 + 190 * share, 90 + 60 * share, 200 - 160 * share].map(Math.round);
    return Buffer.from([0, ...Array.from({ length: width }, () => pixel).flat()]);
  });
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header.set([8, 2], 8);
  const signature = Buffer.from("\x89PNG\r\n\x1A\n", "latin1");
  const body = deflateSync(Buffer.concat(rows));
  const end = chunk("IEND", Buffer.alloc(0));
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", body), end]);
}

function chunk(type: string, data: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(type, "latin1"), data]);
  const framed = Buffer.alloc(named.length + 8);
  framed.writeUInt32BE(data.length, 0);
  framed.set(named, 4);
  framed.writeUInt32BE(crc32(named), named.length + 4);
  return framed;
}
