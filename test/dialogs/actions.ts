/** What happens beside the device in a dialog, on the mail server and in the gateway. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import type { ImapFlow } from "imapflow";
import { simpleParser, type ParsedMail } from "mailparser";

/** The world around a dialog's device. */
export interface Stage {
  /** A connection of another mail client of this user. */
  imap(user: string): Promise<ImapFlow>;
  /** Hands a mail to the delivery agent; resolves at its 250. */
  readonly deliver: (user: string, mime: Buffer) => Promise<void>;
  /** Requests that the gateway holds. */
  readonly held: () => number;
  /** The gateway's clock, ms since 1970. */
  readonly now: () => number;
  /** Moves the gateway's clock. */
  advance(seconds: number): void;
  /** Kills the gateway's sessions and state in memory, as a restart does. */
  restart(): Promise<void>;
  /** Gives a folder of the user's another UIDVALIDITY. */
  renumber(folder: string): Promise<void>;
  /** Saves the user's mailbox as it is now. */
  saveMailbox(): Promise<void>;
  /** Puts back what was saved. */
  putMailboxBack(): Promise<void>;
  /** Gives the user a further address, in the alias map of the mail domain. */
  addAlias(address: string): Promise<void>;
  /** The user of the dialog, and somebody else. */
  readonly user: string;
  readonly other: string;
}

/** What an action may use of its dialog. */
export interface Scene {
  readonly stage: Stage;
  readonly text: (name: string) => string;
  readonly hangUp: () => void;
  /** Whether the answer to the open request has come. */
  readonly answered: () => boolean;
}

type Action = (scene: Scene, words: readonly string[]) => Promise<void> | void;

/** Every action by its name. */
export const actions: Readonly<Record<string, Action>> = {
  /** deliver TEXT */
  deliver: ({ stage, text }, [name = ""]) => stage.deliver(stage.user, Buffer.from(text(name))),
  /** append FOLDER TEXT flag … [days=N]: received N days ago, by the gateway's clock */
  async append(scene, [folder = "", name = "", ...words]) {
    const { client, path } = await at(scene, folder);
    const days = words.find((word) => word.startsWith("days="))?.slice("days=".length);
    const flags = words.filter((word) => !word.startsWith("days="));
    const received = new Date(scene.stage.now() - Number(days ?? 0) * 86_400_000);
    await client.append(path, Buffer.from(scene.text(name)), flags, received);
  },
  /** store FOLDER UID +flag -flag … */
  async store(scene, [folder = "", uid = "", ...changes]) {
    await inFolder(scene, folder, async (client) => {
      for (const change of changes) {
        const flags = [change.slice(1)];
        if (change.startsWith("+")) await client.messageFlagsAdd(uid, flags, { uid: true });
        else await client.messageFlagsRemove(uid, flags, { uid: true });
      }
    });
  },
  /** expunge FOLDER UID */
  async expunge(scene, [folder = "", uid = ""]) {
    await inFolder(scene, folder, (client) => client.messageDelete(uid, { uid: true }));
  },
  /** move FOLDER UID FOLDER */
  async move(scene, [folder = "", uid = "", to = ""]) {
    await inFolder(scene, folder, (client) => client.messageMove(uid, to, { uid: true }));
  },
  /** create FOLDER */
  async create(scene, [folder = ""]) {
    const { client, path } = await at(scene, folder);
    await client.mailboxCreate(path);
  },
  /** rename FOLDER FOLDER */
  async rename(scene, [folder = "", to = ""]) {
    const { client, path } = await at(scene, folder);
    await client.mailboxRename(path, to);
  },
  /** delete FOLDER */
  async delete(scene, [folder = ""]) {
    const { client, path } = await at(scene, folder);
    await client.mailboxDelete(path);
  },
  /** exists FOLDER */
  async exists(scene, [folder = ""]) {
    const { client } = await at(scene, folder);
    const paths = (await client.list()).map(({ path }) => path);
    assert.ok(paths.includes(folder), `a folder ${folder} among ${paths.join(", ")}`);
  },
  /** missing FOLDER */
  async missing(scene, [folder = ""]) {
    const { client } = await at(scene, folder);
    const paths = (await client.list()).map(({ path }) => path);
    assert.ok(!paths.includes(folder), `no folder ${folder} among ${paths.join(", ")}`);
  },
  /** subscribed FOLDER */
  async subscribed(scene, [folder = ""]) {
    const { client } = await at(scene, folder);
    const found = (await client.list()).find(({ path }) => path === folder);
    assert.equal(found?.subscribed, true, `${folder} is subscribed to`);
  },
  /** count FOLDER N */
  async count(scene, [folder = "", count = ""]) {
    assert.equal(await countOf(scene, folder), Number(count), `mails in ${folder}`);
  },
  /** arrives FOLDER N: waits until the folder has N mails */
  async arrives(scene, [folder = "", count = ""]) {
    let found = 0;
    await until(
      async () => (found = await countOf(scene, folder)) === Number(count),
      () => `${count} mails in ${folder}, where ${found} are`,
    );
  },
  /** flags FOLDER UID flag …: exactly these */
  async flags(scene, [folder = "", uid = "", ...flags]) {
    await inFolder(scene, folder, async (client) => {
      const mail = await client.fetchOne(uid, { flags: true }, { uid: true });
      assert.ok(mail && mail.flags, `${folder} has a mail ${uid}`);
      const found = [...mail.flags].filter((flag) => flag !== "\\Recent");
      assert.deepEqual(found.toSorted(), flags.toSorted(), `flags of ${folder} ${uid}`);
    });
  },
  /** source FOLDER UID pattern: the mail's source matches */
  async source(scene, [folder = "", uid = "", pattern = ""]) {
    await inFolder(scene, folder, async (client) => {
      const mail = await client.fetchOne(uid, { source: true }, { uid: true });
      assert.ok(mail && mail.source, `${folder} has a mail ${uid}`);
      assert.match(mail.source.toString(), new RegExp(pattern, "ms"));
    });
  },
  /** absent FOLDER UID pattern: nothing in the mail's source does */
  absent: async (scene, [folder = "", uid = "", pattern = ""]) => {
    await inFolder(scene, folder, async (client) => {
      const mail = await client.fetchOne(uid, { source: true }, { uid: true });
      assert.ok(mail && mail.source, `${folder} has a mail ${uid}`);
      assert.doesNotMatch(mail.source.toString(), new RegExp(pattern, "ms"));
    });
  },
  /** text FOLDER UID pattern: the mail's plain text, as its recipient reads it, matches */
  text: async (scene, [folder = "", uid = "", pattern = ""]) => {
    const { text = "" } = await parsed(scene, folder, uid);
    assert.match(text, new RegExp(pattern, "ms"));
  },
  /** html FOLDER UID pattern: so does its HTML */
  html: async (scene, [folder = "", uid = "", pattern = ""]) => {
    const { html } = await parsed(scene, folder, uid);
    assert.match(String(html), new RegExp(pattern, "ms"));
  },
  /** attachments FOLDER UID "type name content" …: exactly these; content is base64, or SHA-256 of a longer one */
  attachments: async (scene, [folder = "", uid = "", ...wanted]) => {
    const { attachments } = await parsed(scene, folder, uid);
    const found = attachments.map(({ contentType, cid, filename, content }) => {
      const base64 = content.toString("base64");
      const hash = createHash("sha256").update(content).digest("hex");
      return `${contentType} ${filename ?? cid ?? ""} ${base64.length > 200 ? hash : base64}`;
    });
    assert.deepEqual(found, wanted);
  },
  /** held N: waits until the gateway holds N requests */
  held: ({ stage }, [count = ""]) =>
    until(
      () => Promise.resolve(stage.held() === Number(count)),
      () => `${count} held requests, not ${stage.held()}`,
    ),
  /** advance SECONDS */
  advance: ({ stage }, [seconds = ""]) => stage.advance(Number(seconds)),
  /** advance-until-answered SECONDS: moves on by steps of so many seconds until the answer comes */
  async "advance-until-answered"({ stage, answered }, [seconds = ""]) {
    await until(
      () => {
        if (!answered()) stage.advance(Number(seconds));
        return Promise.resolve(answered());
      },
      () => "an answer",
    );
  },
  /** hangup: the client drops the connection of its open request */
  hangup: ({ hangUp }) => hangUp(),
  /** restart: another process takes over */
  restart: ({ stage }) => stage.restart(),
  /** alias ADDRESS: the alias map says that it is the user's */
  alias: ({ stage }, [address = ""]) => stage.addAlias(address),
  /** renumber FOLDER: it gets another UIDVALIDITY, while nobody has it open */
  async renumber({ stage }, [folder = ""]) {
    await stage.restart();
    await stage.renumber(folder);
  },
  /** save-mailbox: as a backup of the mail server does */
  "save-mailbox": ({ stage }) => stage.saveMailbox(),
  /** put-mailbox-back: the backup comes back, while nobody has the mailbox open */
  async "put-mailbox-back"({ stage }) {
    await stage.restart();
    await stage.putMailboxBack();
  },
};

/** Looks until something holds; fails after a bounded time. */
async function until(holds: () => Promise<boolean>, what: () => string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `${what()}: it did not happen within 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** "other:Folder" is a folder of the other user. */
async function at({ stage }: Scene, folder: string): Promise<{ client: ImapFlow; path: string }> {
  const [, user, path] = /^(?:(other):)?(.+)$/.exec(folder) ?? [];
  const client = await stage.imap(user === "other" ? stage.other : stage.user);
  return { client, path: path ?? folder };
}

async function inFolder(
  scene: Scene,
  folder: string,
  work: (client: ImapFlow) => Promise<unknown>,
): Promise<void> {
  const { client, path } = await at(scene, folder);
  const lock = await client.getMailboxLock(path);
  try {
    // A mailbox that was open before shows what arrived since.
    await client.noop();
    await work(client);
  } finally {
    lock.release();
  }
}

/** A mail as its recipient's program reads it; pictures in HTML keep their Content-IDs. */
async function parsed(scene: Scene, folder: string, uid: string): Promise<ParsedMail> {
  const found = Promise.withResolvers<ParsedMail>();
  await inFolder(scene, folder, async (client) => {
    const mail = await client.fetchOne(uid, { source: true }, { uid: true });
    assert.ok(mail && mail.source, `${folder} has a mail ${uid}`);
    found.resolve(await simpleParser(mail.source, { keepCidLinks: true }));
  });
  return await found.promise;
}

async function countOf(scene: Scene, folder: string): Promise<number> {
  const { client, path } = await at(scene, folder);
  // Dovecot answers STATUS of the selected mailbox from what the session has seen so far.
  await client.noop();
  const status = await client.status(path, { messages: true });
  return status === false ? 0 : (status.messages ?? 0);
}
