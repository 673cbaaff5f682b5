/**
 * The state that an earlier version left, and the phone that it belongs to. The mail server is in memory, so that
 * it is the same when the state is made and when a later version goes on with it.
 * `node test/upgrade/world.ts NAME` makes the state of the version that runs it, `… NAME conversations` that of a
 * phone that asks for the whole conversations of three days.
 */
import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { argv } from "node:process";
import { fileURLToPath } from "node:url";
import {
  createMemoryBackend,
  createMemoryTransport,
  type MemoryTransport,
} from "../../src/backends/memory/backend.ts";
import type { MemoryMailbox } from "../../src/backends/memory/mailbox.ts";
import { compose } from "../../src/compose.ts";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/kit/pino-log.ts";
import { StillClock } from "../../src/kit/still-clock.ts";
import { backUp } from "../../src/store/backup-file.ts";
import { openDatabase } from "../../src/store/database.ts";
import { Phone, type SyncWishes } from "../client/phone.ts";
import { openTestDatabase } from "../rig/database.ts";

const user = "ann@example.test";
const password = "secret";
const deviceId = "upgraded1";
const quiet = createLog("error", { write() {} });

/** What the phone keeps between two versions of the server. */
export interface PhoneState {
  readonly hierarchyKey: string;
  readonly inbox: string;
  readonly inboxKey: string;
  readonly serverIds: readonly string[];
}

/** A mail that was sent, and the name that the phone gave it. */
export const sentMail = {
  clientId: "sent before",
  mime: Buffer.from(`From: <${user}>\r\nTo: <bob@example.test>\r\nSubject: sent\r\n\r\nbody\r\n`),
};

/** A gateway over a database and a mail server in memory. */
export interface World extends AsyncDisposable {
  readonly mailbox: MemoryMailbox;
  readonly transport: MemoryTransport;
  readonly phone: Phone;
}

/** A mail that is the same each time. */
export function mail(number: number): Buffer {
  return Buffer.from(
    `Message-ID: <${number}@example.test>\r\nSubject: mail ${number}\r\n\r\nbody\r\n`,
  );
}

/** Starts a gateway over the database; the mailbox has the mails 1 to 5. */
export async function openWorld(databaseUrl: string): Promise<World> {
  await using stack = new AsyncDisposableStack();
  const clock = new StillClock(Date.parse("2026-11-24T08:00:00Z"));
  const server = createMemoryBackend({ clock });
  const transport = createMemoryTransport(server);
  server.addUser("bob@example.test", password);
  const mailbox = server.addUser(user, password);
  for (let number = 1; number <= 5; number++) mailbox.deliver(mail(number));
  const config = loadConfig({
    env: {
      EASTGATE_LISTEN_HOST: "127.0.0.1",
      EASTGATE_LISTEN_PORT: "0",
      EASTGATE_METRICS_PORT: "0",
      EASTGATE_TLS_MODE: "off",
      EASTGATE_DATABASE_URL: databaseUrl,
      EASTGATE_DOMAINS_0_NAME: "example.test",
      EASTGATE_DOMAINS_0_IMAP_HOST: "localhost",
      EASTGATE_DOMAINS_0_SMTP_HOST: "localhost",
    },
  });
  const backendOf = () => ({ mail: server, transport });
  const gateway = stack.use(await compose(config, { clock, log: quiet, backendOf }));
  const { url } = await gateway.listen();
  const phone = stack.use(new Phone({ url, user, password, version: "14.1", deviceId }));
  const kept = stack.move();
  return { mailbox, transport, phone, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

const folder = new URL("states/", import.meta.url);

/** The files of a state. */
export function stateFiles(name: string): { readonly backup: string; readonly phone: string } {
  const path = (ending: string): string => fileURLToPath(new URL(`${name}.${ending}`, folder));
  return { backup: path("backup"), phone: path("json") };
}

/** What the phone of a state keeps. */
export async function readPhone(name: string): Promise<PhoneState> {
  return JSON.parse(await readFile(stateFiles(name).phone, "utf8")) as PhoneState;
}

const conversations: SyncWishes = {
  ConversationMode: true,
  Options: [{ FilterType: 2, BodyPreference: [] }],
};

async function make(name: string, wishes?: SyncWishes): Promise<void> {
  await using opened = await openTestDatabase();
  await using world = await openWorld(opened.url);
  const { phone } = world;
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox, wishes);
  assert.equal(await phone.sendMail(sentMail.mime, sentMail.clientId), 1);
  const interval = { heartbeatSeconds: 600, collectionIds: [inbox] };
  const changed = phone.ping(interval);
  world.mailbox.deliver(mail(6));
  await changed;
  await phone.syncAll(inbox);
  const { hierarchyKey } = phone;
  const serverIds = [...phone.mails(inbox).keys()];
  const state: PhoneState = { hierarchyKey, inbox, inboxKey: phone.key(inbox), serverIds };
  await writeFile(stateFiles(name).phone, `${JSON.stringify(state, undefined, 2)}\n`);
  await using database = await openDatabase(opened.url, quiet, 1);
  await backUp(database, stateFiles(name).backup);
}

if (import.meta.main) {
  const [, , name = "unnamed", wishes] = argv;
  await make(name, wishes === "conversations" ? conversations : undefined);
}
