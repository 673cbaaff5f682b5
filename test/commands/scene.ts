/** A Context of commands in memory: the real sync states and push, a mail server and a device in memory. */
import { randomUUID } from "node:crypto";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { MailSession } from "../../src/backend.ts";
import { createMemoryBackend } from "../../src/backends/memory/backend.ts";
import type { MemoryMailbox } from "../../src/backends/memory/mailbox.ts";
import type { Context } from "../../src/commands/context.ts";
import { SpoolFolder } from "../../src/kit/spool.ts";
import { StillClock } from "../../src/kit/still-clock.ts";
import type { Folder, Mailbox } from "../../src/mailbox/mailbox.ts";
import { createPush } from "../../src/push/push.ts";
import { syncStatesOver } from "../../src/sync/states.ts";
import { memoryRows } from "../sync/memory-rows.ts";

/** CollectionIds and the folders of the server behind them. */
export const paths: Readonly<Record<string, string>> = { f1: "INBOX", f2: "Drafts", f3: "Sent" };

/** What a test puts in the place of the scene's own. */
export interface Replacements {
  readonly mailbox?: (mailbox: Mailbox) => Partial<Mailbox>;
  readonly sync?: (sync: Context["sync"]) => Partial<Context["sync"]>;
  readonly version?: Context["version"];
}

/** A context and the world behind it. */
export interface CommandScene {
  readonly context: Context;
  readonly server: MemoryMailbox;
  readonly clock: StillClock;
  /** Lines of the log: message and fields. */
  readonly logged: readonly { readonly message: string; readonly fields: object }[];
  readonly hangUp: AbortController;
  /** Puts a mail into a folder. */
  deliver(path?: string): number;
}

const login = "ann@example.test";

/** A scene of one account with one device. */
export async function commandScene(replacements: Replacements = {}): Promise<CommandScene> {
  const clock = new StillClock(Date.UTC(2026, 10, 24));
  const hangUp = new AbortController();
  const backend = createMemoryBackend({ clock });
  const server = backend.addUser(login, "secret");
  const credential = { login, password: "secret", fingerprint: "x", clientAddress: "" };
  const session = await backend.open("1", credential, hangUp.signal);
  const mailbox = mailboxOver(session);
  const sync = syncStatesOver(memoryRows(), clock);
  const logged: { message: string; fields: object }[] = [];
  const context = {
    account: { id: "1", domain: "", login, email: login, displayName: "", addresses: [login] },
    device: { id: "1" },
    devices: devices(),
    version: replacements.version ?? "14.1",
    parameters: { saveInSent: false, acceptMultiPart: false, clientAddress: "" },
    certificates: { check: async () => "good" },
    directory: { find: async () => ({ people: [], total: 0 }) },
    mailbox: Object.assign(Object.create(mailbox), replacements.mailbox?.(mailbox)),
    sync: overridden(sync, replacements.sync?.(sync) ?? {}),
    push: createPush(clock, { minSeconds: 60, maxSeconds: 3_540 }),
    clock,
    log: logInto(logged),
    spool: new SpoolFolder(join(tmpdir(), "eastgate-commands")).lease(),
    signal: hangUp.signal,
  };
  return {
    context: context as unknown as Context,
    server,
    clock,
    logged,
    hangUp,
    deliver: (path = "INBOX") =>
      server.deliver(
        Buffer.from(`Message-ID: <${randomUUID()}@x>\r\nSubject: news\r\n\r\nbody\r\n`),
        {
          path,
        },
      ),
  };
}

/** Methods of classes keep their own `this`. */
function overridden<Subject extends object>(subject: Subject, replaced: Partial<Subject>): Subject {
  return new Proxy(subject, {
    get: (target, name) => {
      const own: unknown = Reflect.get(replaced, name) ?? Reflect.get(target, name);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

function mailboxOver(session: MailSession): Mailbox {
  const pathOf = (collectionId: string): string => paths[collectionId] ?? "";
  const epochOf = async (collectionId: string): Promise<string> =>
    (await session.feed(pathOf(collectionId)).position()).epoch;
  const mailbox: Partial<Mailbox> = {
    accountId: "1",
    folder: async (collectionId) => folderOf(collectionId),
    feed: async (collectionId) => session.feed(pathOf(collectionId)),
    readAhead: async (collectionId, now, upcoming) =>
      session.readAhead(pathOf(collectionId), now, upcoming),
    list: (collectionId, numbers, epoch) => session.list(pathOf(collectionId), numbers, epoch),
    fetchParts: (collectionId, wanted, epoch) =>
      session.fetchParts(pathOf(collectionId), wanted, epoch),
    setFlags: (collectionId, changes) => session.setFlags(pathOf(collectionId), changes),
    followConversations: async () => [],
    remove: (collectionId, numbers) => session.remove(pathOf(collectionId), numbers),
    conversations: async () => new Map(),
    references: async ({ collectionId, epoch }) => {
      const named = epoch ?? (await epochOf(collectionId));
      return (number) => `${collectionId}:${named}:${number}`;
    },
    resolve: async (reference) => {
      const [collectionId = "", epoch = "", number] = reference.split(":");
      return { collectionId, epoch, number: Number(number), section: "" };
    },
    openPart: (found) => session.openPart(pathOf(found.collectionId), found),
    watch: async (collectionIds, _hierarchy, listener) =>
      session.watch(collectionIds.map(pathOf), ({ path, kind }) =>
        listener({ collectionId: collectionIds.find((id) => pathOf(id) === path), kind }),
      ),
  };
  return mailbox as Mailbox;
}

function folderOf(collectionId: string): Folder | undefined {
  const path = paths[collectionId];
  if (path === undefined) return undefined;
  const serial = Number.parseInt(collectionId.slice(1), 16);
  const shown = { parentId: "0", displayName: path, type: 12, class: "Email" } as const;
  return { serial, collectionId, ...shown, selectable: true };
}

function devices(): Partial<Context["devices"]> {
  let request: unknown;
  let epoch = 0n;
  let ping: Awaited<ReturnType<Context["devices"]["pingParameters"]>>;
  return {
    bumpWaitEpoch: async () => (epoch += 1n),
    recordSkipped: async () => {},
    syncRequest: async () => request,
    putSyncRequest: async (_device, next) => void (request = next),
    pingParameters: async () => ping,
    putPingParameters: async (_device, next) => void (ping = next),
  };
}

function logInto(lines: { message: string; fields: object }[]): Context["log"] {
  const write = (fields: object, message: string): void => void lines.push({ fields, message });
  const log: Context["log"] = {
    debug: write,
    info: write,
    warn: write,
    error: write,
    child: () => log,
  };
  return log;
}
