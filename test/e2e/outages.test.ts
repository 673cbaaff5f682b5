/**
 * PostgreSQL, Dovecot and Postfix cut off, paused and restarted while a phone works: every request is answered, or
 * told when to come again (503 and Retry-After), held ones too, and in the end nothing is lost.
 */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { kill } from "node:process";
import { describe, test } from "node:test";
import type { ResponseOf } from "../../schemas/commands.ts";
import type { Log } from "../../src/kit/log.ts";
import { startEmbedded, type EmbeddedDatabase } from "../../src/store/embedded.ts";
import type { Answer } from "../client/client.ts";
import { Phone } from "../client/phone.ts";
import { password, startMailServers, type MailServers } from "../rig/mail/servers.ts";
import { startDatabaseRelay, startRelay, type Relay } from "../rig/relay.ts";
import { ended, paused, processesOf, runDaemon } from "./daemon.ts";
import { openProcesses, type GatewayProcess } from "./processes.ts";
import { Trial } from "./trial.ts";

/** How long a server is away: requests come meanwhile, and none of the gateway's time limits ends. */
const awayMs = 1000;

/** Filing in Sent is tried again a minute after it failed: so much later is it for the process that takes over. */
const aheadSeconds = 120;

const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };

const away = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, awayMs));

/** Everything that one of these tests needs, with relays before all servers. */
interface World extends AsyncDisposable {
  readonly mail: MailServers;
  readonly database: EmbeddedDatabase;
  readonly relays: Readonly<Record<"database" | "imap" | "smtp", Relay>>;
  readonly trial: Trial;
  readonly held: HeldPing;
  /** Keeps what a test started until all ends. */
  keep(started: AsyncDisposable): void;
}

async function openWorld(): Promise<World> {
  await using stack = new AsyncDisposableStack();
  // A minute away: at the moment of hibernating Dovecot loses news, which the gateway finds only after a minute.
  const mail = stack.use(await startMailServers({ hibernateSeconds: 60 }));
  const restarted = stack.use(new AsyncDisposableStack());
  const directory = await mkdtemp(join(tmpdir(), "eastgate-outage-"));
  stack.defer(() => rm(directory, { recursive: true, force: true }));
  const settings = { fsync: "off", synchronous_commit: "off", full_page_writes: "off" };
  const database = stack.use(await startEmbedded({ directory, settings }, quiet));
  const relays = {
    database: stack.use(await startDatabaseRelay(database.url)),
    imap: stack.use(await startRelay(mail.imap.tlsPort)),
    smtp: stack.use(await startRelay(mail.smtp.port)),
  };
  const processes = stack.use(
    await openProcesses(mail, {
      databaseUrl: relays.database.url,
      settings: {
        EASTGATE_DOMAINS_0_IMAP_PORT: String(relays.imap.port),
        EASTGATE_DOMAINS_0_SMTP_PORT: String(relays.smtp.port),
      },
    }),
  );
  const trial = stack.use(await Trial.open(mail, processes, { mails: 20, aheadSeconds }));
  const held = stack.use(await HeldPing.open(mail, trial.process));
  const kept = stack.move();
  const keep = (started: AsyncDisposable): void => void restarted.use(started);
  const dispose = (): Promise<void> => kept.disposeAsync();
  return { mail, database, relays, trial, held, keep, [Symbol.asyncDispose]: dispose };
}

/** A Ping of another user, held while servers come and go. */
class HeldPing implements Disposable {
  readonly #phone: Phone;
  readonly #mail: MailServers;
  readonly #user: string;
  #answer: Promise<Answer<ResponseOf<"Ping">>> | undefined;
  refused = 0;

  private constructor(mail: MailServers, phone: Phone, user: string) {
    this.#mail = mail;
    this.#phone = phone;
    this.#user = user;
  }

  static async open(mail: MailServers, gateway: GatewayProcess): Promise<HeldPing> {
    const { url } = gateway;
    const user = mail.freshUser();
    const ping = new HeldPing(mail, new Phone({ url, user, password, version: "14.1" }), user);
    await ping.#phone.folderSync();
    await ping.#phone.syncAll(ping.#phone.folderOfType(2));
    ping.#ask();
    while ((await gateway.held()) === 0) await new Promise((resolve) => setTimeout(resolve, 20));
    return ping;
  }

  /** A mail comes: the Ping tells it, or was told to come again and tells it then. */
  async hears(): Promise<void> {
    const mime = `From: <${this.#user}>\r\nTo: <${this.#user}>\r\nSubject: arrival\r\n\r\nWords.\r\n`;
    await this.#mail.deliver(this.#user, Buffer.from(mime));
    for (;;) {
      const answer = await this.#answer;
      if (answer?.httpStatus === 200) {
        return assert.equal(answer.body?.Status, 2, "the Ping tells of the mail");
      }
      assert.equal(answer?.httpStatus, 503, "a held Ping survives or ends with 503");
      assert.ok(Number(answer.headers["retry-after"]) > 0, "a 503 says when to come again");
      this.refused++;
      await new Promise((resolve) => setTimeout(resolve, 100));
      this.#ask();
    }
  }

  #ask(): void {
    const Id = this.#phone.folderOfType(2);
    const Folders = { Folder: [{ Id, Class: "Email" as const }] };
    this.#answer = this.#phone.client.send("Ping", { HeartbeatInterval: 900, Folders });
    this.#answer.catch(() => undefined);
  }

  [Symbol.dispose](): void {
    this.#phone[Symbol.dispose]();
  }
}

/** The phone goes on with its work while the server goes away and comes back. */
async function worksThrough({ trial }: World, outage: () => Promise<void>): Promise<void> {
  const state = { isOver: false };
  const over = outage().finally(() => (state.isOver = true));
  do {
    await trial.syncPatiently({ deletes: 1, changes: 2 });
    await trial.sendPatiently();
  } while (!state.isOver);
  await over;
  await trial.syncPatiently({ changes: 1 });
}

async function allIsRight(world: World, t: { diagnostic(text: string): void }): Promise<void> {
  await world.held.hears();
  await world.trial.takeOver();
  const counts = await world.trial.check();
  t.diagnostic(JSON.stringify({ ...counts, heldRefused: world.held.refused }));
}

async function onlyOne(...words: readonly string[]): Promise<number> {
  const [pid, ...more] = await processesOf(...words);
  assert.ok(pid !== undefined && more.length === 0, `one ${words.join(" ")} runs`);
  return pid;
}

function dovecotOf({ mail }: World): readonly string[] {
  return ["/usr/sbin/dovecot", "-F", "-c", `${mail.address.folder}/dovecot.conf`];
}

function postfixOf({ mail }: World): readonly string[] {
  const settings = `${mail.address.folder}/postfix/etc`;
  return ["/usr/lib/postfix/sbin/master", "-s", "-c", settings];
}

async function pauses(pid: number): Promise<void> {
  using _pause = await paused(pid);
  await away();
}

async function goesAway(relay: Relay, how: "cut" | "stall"): Promise<void> {
  relay[how]();
  await away();
  relay.heal();
}

async function restarts(world: World, words: readonly string[]): Promise<void> {
  await ended(await onlyOne(...words));
  await away();
  world.keep(runDaemon(...words));
}

describe("Outages", { concurrency: true }, () => {
  test("Outages: the database is cut off, silent, paused and restarted", async (t) => {
    await using world = await openWorld();
    const { relays, database } = world;
    await worksThrough(world, () => goesAway(relays.database, "stall"));
    await worksThrough(world, () => goesAway(relays.database, "cut"));
    await worksThrough(world, () => pauses(database.pid));
    await worksThrough(world, async () => {
      // It starts again by itself.
      kill(database.pid, "SIGINT");
      await away();
    });
    await allIsRight(world, t);
  });

  test("Outages: Dovecot is cut off, silent, paused and restarted", async (t) => {
    await using world = await openWorld();
    const { relays } = world;
    await worksThrough(world, () => goesAway(relays.imap, "stall"));
    await worksThrough(world, () => goesAway(relays.imap, "cut"));
    await worksThrough(world, async () => pauses(await onlyOne(...dovecotOf(world))));
    await worksThrough(world, () => restarts(world, dovecotOf(world)));
    await allIsRight(world, t);
  });

  test("Outages: Postfix is cut off, silent, paused and restarted", async (t) => {
    await using world = await openWorld();
    const { relays } = world;
    await worksThrough(world, () => goesAway(relays.smtp, "stall"));
    await worksThrough(world, () => goesAway(relays.smtp, "cut"));
    await worksThrough(world, async () => pauses(await onlyOne(...postfixOf(world))));
    await worksThrough(world, () => restarts(world, postfixOf(world)));
    await allIsRight(world, t);
  });
});
