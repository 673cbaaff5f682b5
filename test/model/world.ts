/** The whole gateway over a mail server in memory, and what has to be there of the mails that were ever written. */
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  createMemoryBackend,
  createMemoryTransport,
  type MemoryBackend,
  type MemoryTransport,
} from "../../src/backends/memory/backend.ts";
import type { MemoryMailbox, StoredFolder } from "../../src/backends/memory/mailbox.ts";
import { compose, type Gateway } from "../../src/compose.ts";
import { loadConfig } from "../../src/config.ts";
import { createLog } from "../../src/kit/pino-log.ts";
import { StillClock } from "../../src/kit/still-clock.ts";
import { openTestDatabase } from "../rig/database.ts";

const password = "secret";

/** Whoever sends writes to this one. */
export const recipient = "reader@example.test";

/** A gateway over servers in memory; its users come and go. */
export interface ModelGateway extends AsyncDisposable {
  readonly clock: StillClock;
  readonly backend: MemoryBackend;
  readonly transport: MemoryTransport;
  readonly url: string;
  /** Ends it and starts another one over the same state. */
  restart(): Promise<void>;
}

/** Starts a gateway over a mail server in memory and a database of its own. */
export async function openModelGateway(): Promise<ModelGateway> {
  await using stack = new AsyncDisposableStack();
  const { url: databaseUrl } = stack.use(await openTestDatabase());
  const dataDir = await mkdtemp(join(tmpdir(), "eastgate-model-"));
  stack.defer(() => rm(dataDir, { recursive: true, force: true }));
  const config = loadConfig({ env: environment(dataDir, databaseUrl) });
  const clock = new StillClock(Date.UTC(2026, 10, 24));
  const backend = createMemoryBackend({ clock });
  const transport = createMemoryTransport(backend);
  backend.addUser(recipient, password);
  const log = createLog("error");
  const start = async () => {
    const servers = { mail: kept(backend), transport: kept(transport) };
    const gateway = await compose(config, { clock, log, backendOf: () => servers });
    const { url } = await gateway.listen();
    return { gateway, url };
  };
  let running: { readonly gateway: Gateway; readonly url: string } = await start();
  stack.defer(() => running.gateway[Symbol.asyncDispose]());
  const all = stack.move();
  return {
    clock,
    backend,
    transport,
    get url() {
      return running.url;
    },
    restart: async () => {
      await running.gateway[Symbol.asyncDispose]();
      running = await start();
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  };
}

function environment(dataDir: string, databaseUrl: string): Record<string, string> {
  return {
    EASTGATE_DATA_DIR: dataDir,
    EASTGATE_LISTEN_HOST: "127.0.0.1",
    EASTGATE_LISTEN_PORT: "0",
    EASTGATE_METRICS_PORT: "0",
    EASTGATE_TLS_MODE: "off",
    EASTGATE_DATABASE_URL: databaseUrl,
    // Histories are quicker than phones.
    EASTGATE_HTTP_FREE_REQUESTS: "0",
    EASTGATE_DOMAINS_0_NAME: "example.test",
    EASTGATE_DOMAINS_0_IMAP_HOST: "localhost",
    EASTGATE_DOMAINS_0_SMTP_HOST: "localhost",
  };
}

/** The mail server outlives the gateway that disposes of its way there. */
function kept<Server extends MemoryBackend | MemoryTransport>(server: Server): Server {
  return new Proxy(server, {
    get(own, name) {
      if (name === Symbol.asyncDispose) return async () => {};
      const value: unknown = Reflect.get(own, name, own);
      return typeof value === "function" ? value.bind(own) : value;
    },
  });
}

/** One user's mailbox, and the subjects that have to be in it: each mail has a subject of its own. */
export class World {
  readonly user: string;
  readonly gateway: ModelGateway;
  readonly server: MemoryMailbox;
  /** Each is there exactly once. */
  readonly #must = new Set<string>();
  /** Each is there once or not at all: what became of it lies in the order of things. */
  readonly #may = new Set<string>();
  /** Each was handed over exactly once. */
  readonly #sent = new Set<string>();
  #count = 0;

  constructor(gateway: ModelGateway, user: string) {
    this.gateway = gateway;
    this.user = user;
    this.server = gateway.backend.addUser(user, password);
  }

  /** Of the user. */
  get password(): string {
    return password;
  }

  /** A subject that no other mail has. */
  subject(of: string): string {
    return `${of} ${++this.#count} of ${this.user}`;
  }

  /** Puts a mail into a folder. */
  deliver(path: string): void {
    const subject = this.subject("mail");
    this.must(subject);
    const lines = [
      `Message-ID: <${this.#count}.${this.user}>`,
      `Subject: ${subject}`,
      "",
      "Words.",
    ];
    this.server.deliver(Buffer.from(lines.join("\r\n")), { path });
  }

  must(subject: string): void {
    this.#must.add(subject);
    this.#may.delete(subject);
  }

  may(subject: string): void {
    this.#must.delete(subject);
    this.#may.add(subject);
  }

  gone(subject: string): void {
    this.#must.delete(subject);
    this.#may.delete(subject);
  }

  sent(subject: string): void {
    this.#sent.add(subject);
    this.must(subject);
  }

  /** Folders of items. */
  folders(): readonly StoredFolder[] {
    return [...this.server.folders.values()].filter(({ selectable }) => selectable);
  }

  /** Which folders there are, and by which numbers. */
  places(): string {
    return JSON.stringify(this.folders().map(({ path, key, epoch }) => [path, key, epoch]));
  }

  /** The folders that the user made. */
  userFolders(): readonly StoredFolder[] {
    return [...this.server.folders.values()].filter(({ type }) => type === "user");
  }

  /** Does something by which folders may go: what was in those that went has gone with them. */
  async losingFolders<Result>(work: () => Promise<Result>): Promise<Result> {
    const before = new Map(this.folders().map((each) => [each.key, subjectsIn(each)]));
    const result = await work();
    for (const { key } of this.folders()) before.delete(key);
    for (const subjects of before.values()) for (const each of subjects) this.gone(each);
    return result;
  }

  /** Throws when a mail was lost, doubled, or sent otherwise than once. */
  check(): void {
    const there = this.folders().flatMap(subjectsIn);
    const counts = Map.groupBy(there, (subject) => subject);
    for (const subject of this.#must) {
      assert.equal(counts.get(subject)?.length ?? 0, 1, `"${subject}" is there once`);
    }
    for (const [subject, { length }] of counts) {
      const isExpected = this.#must.has(subject) || this.#may.has(subject);
      assert.ok(isExpected, `"${subject}" is there though it had gone`);
      assert.equal(length, 1, `"${subject}" is there once`);
    }
    const { sent } = this.gateway.transport;
    for (const subject of this.#sent) {
      const times = sent.filter(({ mime }) => mime.includes(`Subject: ${subject}\r\n`)).length;
      assert.equal(times, 1, `"${subject}" was sent once`);
    }
  }
}

/** Subjects of a folder's mails. */
export function subjectsIn({ mails }: StoredFolder): string[] {
  return [...mails.values()].map(({ mime }) => subjectOf(mime));
}

/** The subject of a mail. */
export function subjectOf(mime: Buffer): string {
  return /^Subject: (.*)$/m.exec(mime.toString())?.[1]?.trim() ?? "";
}
