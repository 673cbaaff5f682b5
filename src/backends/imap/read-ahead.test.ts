import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import type { MailBackend, MailSession, Upcoming } from "../../backend.ts";
import { flagsOfMailVersion } from "../../items/email/version.ts";
import type { PartWanted } from "../../items/email/message.ts";
import { StillClock } from "../../kit/still-clock.ts";
import { credentialOf, imapBackend } from "../../../test/rig/mail/mailbox.ts";
import { type ImapProxy, startImapProxy } from "../../../test/rig/mail/proxy.ts";
import { mailServers, type MailServers } from "../../../test/rig/mail/servers.ts";
import { readAheadKeptMs } from "./limits.ts";

const forever = new AbortController().signal;
const path = "INBOX";
const range = { low: 1, high: 20 };
const limit = 5;

function bodiesOf(items: readonly { readonly number: number }[]): PartWanted[] {
  return items.map(({ number }) => ({ number, section: "1", maxBytes: 100 }));
}

const upcoming: Upcoming = { range, limit, wanted: bodiesOf };

suite("Reading ahead on a real Dovecot", () => {
  let mail: MailServers;
  before(async () => {
    mail = await mailServers();
  });
  after(() => mail.stop());

  interface Scene extends AsyncDisposable {
    readonly user: string;
    readonly clock: StillClock;
    readonly proxy: ImapProxy;
    readonly backend: MailBackend;
    open(): Promise<MailSession>;
    /** FETCH commands that the server has heard. */
    fetches(): number;
    /** A request that wishes what comes next to be read, and has ended. */
    first(): Promise<void>;
  }

  async function sceneOf(without: readonly string[] = []): Promise<Scene> {
    const user = mail.freshUser();
    const mails = Array.from({ length: 30 }, (_, at) => Buffer.from(`Subject: ${at}\r\n\r\n${at}`));
    await mail.seed(
      user,
      path,
      mails.map((mime) => ({ mime })),
    );
    const clock = new StillClock(1);
    const proxy = await startImapProxy(mail.imap.port, { without });
    const backend = imapBackend(proxy.port, { clock });
    const open = () => backend.open(user, credentialOf(user), forever);
    return {
      user,
      clock,
      proxy,
      backend,
      open,
      fetches: () => proxy.said.filter((line) => line.startsWith("UID FETCH")).length,
      first: async () => {
        await using session = await open();
        session.readAhead(path, await session.feed(path).position(), upcoming);
      },
      [Symbol.asyncDispose]: async () => {
        await backend[Symbol.asyncDispose]();
        await proxy[Symbol.asyncDispose]();
      },
    };
  }

  /** What a request asks: the next window with its bodies. */
  async function ask(session: MailSession, asked: { readonly limit: number } = { limit }) {
    const feed = session.feed(path);
    const { epoch } = await feed.position();
    const { items, reached } = await feed.newest(range, asked.limit);
    const numbers = items.map(({ number }) => number);
    const listed = await session.list(path, numbers, epoch);
    const parts = await session.fetchParts(path, bodiesOf(items), epoch);
    const bodies = Object.fromEntries(parts.map(({ number, bytes }) => [number, String(bytes)]));
    const subjects = listed.map(({ number, envelope }) => [number, envelope.subject] as const);
    return { items, reached, bodies, subjects: Object.fromEntries(subjects) };
  }

  const told = {
    reached: 16,
    bodies: { 20: "19", 19: "18", 18: "17", 17: "16", 16: "15" },
    subjects: { 20: "19", 19: "18", 18: "17", 17: "16", 16: "15" },
  };

  test("The next request is answered by what was read meanwhile, the same as without, and asks nothing again", async () => {
    await using scene = await sceneOf();
    await using plainly = await scene.open();
    const { items, ...plain } = await ask(plainly);
    assert.deepEqual(plain, told);
    await scene.first();
    await scene.proxy.until(() => scene.fetches() === 4);
    await using session = await scene.open();
    assert.deepEqual(await ask(session), { items, ...told });
    assert.equal(scene.fetches(), 4);
    // Its position, and what was sent ahead for it.
    assert.equal(session.roundTrips(), 3);
  });

  test("A request that comes while it is read waits for that", async () => {
    await using scene = await sceneOf();
    await scene.first();
    await using session = await scene.open();
    const { items: _, ...answer } = await ask(session);
    assert.deepEqual(answer, told);
    assert.equal(scene.fetches(), 2);
  });

  test("What changed, came or went since is asked again; bodies stay what they are", async () => {
    await using scene = await sceneOf();
    await scene.first();
    await scene.proxy.until(() => scene.fetches() === 2);
    await using other = await mail.imapClient(scene.user);
    await other.mailboxOpen(path);
    await other.messageFlagsAdd("19", ["\\Seen"], { uid: true });
    await other.messageDelete("18", { uid: true });
    await using session = await scene.open();
    const { items, bodies } = await ask(session);
    assert.deepEqual(
      items.map(({ number, version }) => [number, flagsOfMailVersion(version).seen]),
      [20, 19, 17, 16, 15].map((number) => [number, number === 19]),
    );
    assert.deepEqual(bodies, { 20: "19", 19: "18", 17: "16", 16: "15", 15: "14" });
    // The look, and the one body that was not read ahead.
    assert.equal(scene.fetches(), 4);
  });

  test("Another question is asked itself, and leaves what was read to the one that it was read for", async () => {
    await using scene = await sceneOf();
    await scene.first();
    await scene.proxy.until(() => scene.fetches() === 2);
    await using other = await scene.open();
    assert.equal((await ask(other, { limit: 7 })).items.length, 7);
    assert.equal(scene.fetches(), 4);
    await using session = await scene.open();
    await ask(session);
    assert.equal(scene.fetches(), 4);
  });

  test("What nobody comes for is dropped", async () => {
    await using scene = await sceneOf();
    await scene.first();
    await scene.proxy.until(() => scene.fetches() === 2);
    scene.clock.advance(readAheadKeptMs);
    await using session = await scene.open();
    const { items: _, ...answer } = await ask(session);
    assert.deepEqual(answer, told);
    assert.equal(scene.fetches(), 4);
  });

  test("A connection that breaks under it costs the next request nothing but the time", async () => {
    await using scene = await sceneOf();
    const broken = scene.proxy.until(() => {
      const comes = scene.fetches() > 0;
      if (comes) scene.proxy.breakAll();
      return comes;
    });
    await scene.first();
    await broken;
    await using session = await scene.open();
    const { items: _, ...answer } = await ask(session);
    assert.deepEqual(answer, told);
  });

  test("Where the folder is made anew nothing of the former one is told", async () => {
    await using scene = await sceneOf();
    const folder = "Made anew";
    await using other = await mail.imapClient(scene.user);
    await other.mailboxCreate(folder);
    await other.append(folder, Buffer.from("Subject: old\r\n\r\nold"));
    {
      await using session = await scene.open();
      const now = await session.feed(folder).position();
      session.readAhead(folder, now, { ...upcoming, range: { low: 1, high: 1 } });
    }
    await scene.proxy.until(() => scene.fetches() === 2);
    const uidValidity = async () => {
      const status = await other.status(folder, { uidValidity: true });
      return status !== false && status.uidValidity;
    };
    const former = await uidValidity();
    // Within a second Dovecot gives the same once more.
    while ((await uidValidity()) === former) {
      await other.mailboxDelete(folder);
      await other.mailboxCreate(folder);
    }
    await other.append(folder, Buffer.from("Subject: new\r\n\r\nnew"));
    await using session = await scene.open();
    // A connection that has the former one open learns of the other by the list of folders.
    await session.folders();
    const feed = session.feed(folder);
    const { epoch } = await feed.position();
    const { items } = await feed.newest({ low: 1, high: 1 }, limit);
    assert.deepEqual(
      items.map(({ number }) => number),
      [1],
    );
    const [listed] = await session.list(folder, [1], epoch);
    assert.equal(listed?.envelope.subject, "new");
    const [part] = await session.fetchParts(folder, bodiesOf(items), epoch);
    assert.equal(String(part?.bytes), "new");
  });

  for (const without of [["CONDSTORE", "QRESYNC"], ["MODSEQ"]]) {
    test(`Without marks of the server nothing is read ahead (no ${without[0]})`, async () => {
      await using scene = await sceneOf(without);
      await scene.first();
      await using other = await mail.imapClient(scene.user);
      await other.mailboxOpen(path);
      await other.messageFlagsAdd("19", ["\\Seen"], { uid: true });
      await using session = await scene.open();
      const { items, ...answer } = await ask(session);
      assert.deepEqual(answer, told);
      const seen = items.filter(({ version }) => flagsOfMailVersion(version).seen);
      assert.deepEqual(numbersOf(seen), [19]);
      assert.equal(scene.fetches(), 2);
    });
  }
});

function numbersOf(items: readonly { readonly number: number }[]): number[] {
  return items.map(({ number }) => number);
}
