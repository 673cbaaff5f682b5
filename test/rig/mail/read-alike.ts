/** Whether a server tells of mails what is read of them here. */
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { pino } from "pino";
import { ImapConnection } from "../../../src/backends/imap/connection.ts";
import { listItems } from "../../../src/backends/imap/list.ts";
import { fetchParts } from "../../../src/backends/imap/parts.ts";
import { partsOf } from "../../../src/items/email/body-parts.ts";
import type { Part } from "../../../src/items/email/message.ts";
import { parseMessage } from "../../../src/items/email/mime.ts";
import { ordinaryMails } from "./ordinary-mails.ts";
import { realisticMails } from "./seed.ts";
import { password, type MailServers } from "./servers.ts";

const root = join(import.meta.dirname, "../../..");
const corpus = join(root, "../shared/corpus/mime");

/** A mail, and what to call it. */
export interface NamedMail {
  readonly name: string;
  readonly mime: Buffer;
}

/** The mails in files of a folder. */
export async function mailsIn(folder: string): Promise<readonly NamedMail[]> {
  const names = (await readdir(folder)).filter((name) => /\.(?:eml|txt)$/.test(name)).toSorted();
  const read = names.map(async (name) => ({ name, mime: await readFile(join(folder, name)) }));
  return await Promise.all(read);
}

/** Mails of all kinds that every server should read alike: those of the corpus only where it is there. */
export async function regularMails(): Promise<readonly NamedMail[]> {
  const seeded = [...realisticMails(20), ...(await Array.fromAsync(ordinaryMails(20)))];
  const mails = [
    ...seeded.map(({ mime }, at) => ({ name: `seeded mail ${at}`, mime })),
    ...(await mailsIn(join(root, "test/fixtures/mime"))),
    ...(existsSync(corpus) ? await mailsIn(corpus) : []),
  ];
  return mails
    .map(({ name, mime }) => ({ name, mime: asSent(mime) }))
    .filter(({ mime }) => parseMessage(mime).isRegular);
}

/** With the line ends of a mail on its way. */
function asSent(mime: Buffer): Buffer {
  return Buffer.from(mime.toString("latin1").replaceAll(/\r?\n/g, "\r\n"), "latin1");
}

/** Puts mails into a new mailbox and compares what the server tells of each with what is read of it here. */
export async function assertReadAlike(
  servers: MailServers,
  mails: readonly NamedMail[],
): Promise<void> {
  assert.ok(mails.length > 40);
  const user = servers.freshUser();
  await servers.seed(
    user,
    "INBOX",
    mails.map(({ mime }) => ({ mime })),
  );
  const { host, port } = servers.imap;
  const connection = await ImapConnection.open(
    { host, port, security: "plain" },
    { login: user, password, fingerprint: "", clientAddress: "" },
    { log: pino({ level: "silent" }), silenceMs: 60_000 },
  );
  try {
    const numbers = mails.map((_, at) => at + 1);
    const items = await listItems(connection, "INBOX", numbers);
    assert.equal(items.length, mails.length);
    const wholes = numbers.map((number) => ({ number, section: "" }));
    const came = new Map((await fetchParts(connection, wholes)).map((of) => [of.number, of.bytes]));
    for (const { number, envelope, structure, references, headers } of items) {
      const name = mails[number - 1]?.name;
      const own = parseMessage(came.get(number) ?? Buffer.alloc(0));
      assert.ok(own.isRegular, name);
      assert.deepEqual(own.envelope, envelope, name);
      assert.deepEqual(meaningOf(own.structure), meaningOf(structure), name);
      assert.deepEqual(own.references, references, name);
      assert.deepEqual(own.headers, headers, name);
      const leaves = partsOf(structure).filter(({ children }) => children.length === 0);
      const wanted = leaves.map(({ section }) => ({ number, section }));
      const fetched = await fetchParts(connection, wanted);
      assert.equal(fetched.length, wanted.length, name);
      for (const { section, bytes } of fetched) {
        assert.deepEqual(own.part(section), bytes, `${name} ${section}`);
      }
    }
  } finally {
    connection.drop();
  }
}

/** Without sizes of multiparts, which no server tells, and the charset that stands for none. */
function meaningOf({ parameters: { charset, ...parameters }, children, ...part }: Part): unknown {
  return {
    ...part,
    sizeBytes: children.length === 0 ? part.sizeBytes : 0,
    parameters: { ...parameters, charset: charset ?? (part.type === "text" ? "us-ascii" : "") },
    children: children.map(meaningOf),
  };
}
