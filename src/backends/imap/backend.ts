/** One IMAP server as a mail backend: pools of sessions, each of one account and one credential. */
import {
  BackendUnavailable,
  type Credential,
  type MailBackend,
  type MailSession,
} from "../../backend.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import { ImapConnection } from "./connection.ts";
import {
  commandTimeoutMs,
  leastSweep,
  loginsInFlight,
  pooledConnections,
  watcherConnections,
} from "./limits.ts";
import { Logins } from "./logins.ts";
import { Pool, type ServerState } from "./pool.ts";
import { probeServer } from "./probe.ts";
import { ReadAhead } from "./read-ahead.ts";
import type { ImapServer } from "./server.ts";
import { ImapSession } from "./session.ts";
import { Watches } from "./watch.ts";

/** What the backend needs of the process. */
export interface ImapSurroundings {
  readonly clock: Clock;
  readonly log: Log;
}

/** A mail backend over an IMAP server. */
export function createImapBackend(
  server: ImapServer,
  { clock, log }: ImapSurroundings,
): MailBackend {
  const logins = new Logins(server.loginsInFlight ?? loginsInFlight, clock);
  return new ImapBackend({ server, logins, clock, log });
}

/** The connections and watchers of one account under one credential. */
interface Open {
  readonly accountId: string;
  readonly pool: Pool;
  readonly watches: Watches;
}

class ImapBackend implements MailBackend {
  readonly #state: ServerState;
  readonly #open = new Map<string, Open>();
  readonly #ahead: ReadAhead;
  /** With so many accounts those that are not used are looked for. */
  #sweepAt = leastSweep;

  constructor(state: ServerState) {
    this.#state = state;
    this.#ahead = new ReadAhead(state);
  }

  async open(accountId: string, credential: Credential, signal: AbortSignal): Promise<MailSession> {
    const { pool, watches } = this.#openOf(accountId, credential);
    const loan = pool.lend(credential);
    try {
      await pool.ensure(signal);
    } catch (error) {
      loan[Symbol.dispose]();
      throw error;
    }
    const { clock } = this.#state;
    return new ImapSession({
      pool,
      watches,
      ahead: this.#ahead,
      clock,
      signal,
      [Symbol.dispose]: () => loan[Symbol.dispose](),
    });
  }

  async check(credential: Credential, signal: AbortSignal): Promise<void> {
    const connection = await this.#signIn(credential, signal);
    connection.close();
  }

  async #signIn(credential: Credential, signal: AbortSignal): Promise<ImapConnection> {
    const { server, log, logins } = this.#state;
    const surroundings = { log, silenceMs: commandTimeoutMs };
    return await logins.run(credential, signal, () =>
      ImapConnection.open(server, credential, surroundings),
    );
  }

  async probe(
    signal: AbortSignal,
    credential?: Credential,
  ): Promise<{ readonly capabilities: readonly string[] }> {
    if (credential === undefined) return await probeServer(this.#state.server, signal);
    const connection = await this.#signIn(credential, signal);
    const capabilities = [...connection.client.capabilities.keys()];
    connection.close();
    return { capabilities };
  }

  async closeAccount(accountId: string): Promise<void> {
    for (const [key, open] of this.#open) {
      if (open.accountId === accountId) this.#end(key, open, "the account's sessions were ended");
    }
  }

  sessions(): number {
    let count = 0;
    for (const { pool } of this.#open.values()) count += pool.size;
    return count;
  }

  #openOf(accountId: string, credential: Credential): Open {
    this.#forgetUnused();
    const key = `${accountId} ${credential.fingerprint}`;
    const known = this.#open.get(key);
    if (known !== undefined && !known.pool.closed) return known;
    if (known !== undefined) this.#end(key, known, "the credential was refused meanwhile");
    const { forRequests, forWatching } = placesOf(this.#state.server);
    const pool = new Pool(this.#state, forRequests);
    const watches = new Watches(pool, { ...this.#state, places: forWatching });
    const open = { accountId, pool, watches };
    this.#open.set(key, open);
    return open;
  }

  /** Accounts without a connection and without a request leave nothing behind; looked for now and then. */
  #forgetUnused(): void {
    if (this.#open.size < this.#sweepAt) return;
    for (const [key, { pool, watches }] of this.#open) {
      if (pool.size > 0 || pool.isLeased) continue;
      watches[Symbol.dispose]();
      this.#open.delete(key);
    }
    this.#sweepAt = Math.max(leastSweep, 2 * this.#open.size);
  }

  #end(key: string, { pool, watches }: Open, why: string): void {
    pool.close(new BackendUnavailable(why));
    watches[Symbol.dispose]();
    this.#open.delete(key);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const [key, open] of this.#open) this.#end(key, open, "the gateway is stopping");
  }
}

/** Half of an account's connections, three at most, watch folders; the others are for requests. */
function placesOf(server: ImapServer): {
  readonly forRequests: number;
  readonly forWatching: number;
} {
  const { connectionsPerAccount = pooledConnections + watcherConnections } = server;
  const forWatching = Math.min(watcherConnections, Math.floor(connectionsPerAccount / 2));
  return { forRequests: Math.max(1, connectionsPerAccount - forWatching), forWatching };
}
