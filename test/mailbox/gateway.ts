/** Mailboxes of one account over a real database: each `Gateway` is one process. */
import { randomUUID } from "node:crypto";
import type { Credential, MailBackend, MailTransport } from "../../src/backend.ts";
import type { Log } from "../../src/kit/log.ts";
import type { Checkpoint } from "../../src/mailbox/intent-hold.ts";
import type { Mailbox } from "../../src/mailbox/mailbox.ts";
import { createMailboxes, type Mailboxes } from "../../src/mailbox/mailboxes.ts";
import type { Database } from "../../src/store/sql.ts";
import { StillClock } from "../../src/kit/still-clock.ts";

/** An account and a device in the store. */
export interface TestAccount {
  readonly id: string;
  readonly deviceId: string;
  readonly domain: string;
  readonly email: string;
}

/** One line of a log. */
export interface LogLine {
  readonly level: string;
  readonly message: string;
}

/** Writes an account with one device. */
export async function addAccount(database: Database, login = randomUUID()): Promise<TestAccount> {
  const email = `${login}@example.test`;
  const accounts = await database.rows<{ id: string }>(
    "test.account",
    "INSERT INTO accounts (domain, login, email) VALUES ('example', $1, $2) RETURNING id::text AS id",
    [login, email],
  );
  const id = accounts[0]?.id ?? "";
  const devices = await database.rows<{ id: string }>(
    "test.device",
    "INSERT INTO devices (account_id, device_id) VALUES ($1, $2) RETURNING id::text AS id",
    [id, randomUUID()],
  );
  return { id, deviceId: devices[0]?.id ?? "", domain: "example", email };
}

/** A gateway process with a clock of its own. */
export class Gateway implements AsyncDisposable {
  readonly clock: StillClock;
  readonly lines: LogLine[] = [];
  readonly #mailboxes: Mailboxes;
  readonly #credential: Credential;
  checkpoint: Checkpoint = () => {};

  constructor(
    database: Database,
    server: { readonly backend: MailBackend; readonly transport: MailTransport },
    more: { readonly nowMs?: number; readonly credential?: Credential } = {},
  ) {
    this.clock = new StillClock(more.nowMs ?? Date.UTC(2026, 10, 24));
    const fallback = { login: "l", password: "p", fingerprint: "f", clientAddress: "192.0.2.1" };
    this.#credential = more.credential ?? fallback;
    this.#mailboxes = createMailboxes({
      database,
      clock: this.clock,
      log: this.#log(),
      backendOf: () => ({ mail: server.backend, transport: server.transport }),
      checkpoint: (step) => this.checkpoint(step),
    });
  }

  /** The mailbox for one request. */
  async open(account: TestAccount, signal = new AbortController().signal): Promise<Mailbox> {
    const { deviceId } = account;
    const credential = this.#credential;
    return await this.#mailboxes.open(account, { deviceId, credential, signal });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#mailboxes[Symbol.asyncDispose]();
  }

  #log(): Log {
    const write = (level: string) => (_: object, message: string) => {
      this.lines.push({ level, message });
    };
    const log: Log = {
      debug: write("debug"),
      info: write("info"),
      warn: write("warn"),
      error: write("error"),
      child: () => log,
    };
    return log;
  }
}
