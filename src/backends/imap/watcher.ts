/** One folder that is watched by IDLE on a connection of its own. */
import { BackendError, BackendUnavailable, LoginRefused, type WatchEvent } from "../../backend.ts";
import type { Clock, Timer } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { ImapConnection } from "./connection.ts";
import { TooManyConnections } from "./errors.ts";
import {
  idleRearmMs,
  lastingMs,
  reopenPausesMs,
  settlingPausesMs,
  watcherSilenceMs,
} from "./limits.ts";
import type { Pool } from "./pool.ts";

/** What a watcher needs of its account. */
export interface WatcherAccount {
  readonly pool: Pool;
  readonly clock: Clock;
  readonly log: Log;
  hear(event: WatchEvent): void;
  /** The server refuses the credential by now: nobody is let wait on. */
  refused(error: LoginRefused): void;
  /** The server lets the account have no further connection. */
  full(): void;
}

/** Watches until it is stopped; a connection that breaks is opened again while a credential is live. */
export class Watcher implements Disposable {
  readonly path: string;
  readonly #account: WatcherAccount;
  #connection: ImapConnection | undefined;
  /** Breaks and failed attempts since a connection last held for a while. */
  #failures = 0;
  #openedAtMs = 0;
  #pause: Timer | undefined;
  #settling: Timer | undefined;
  #opening = false;
  readonly #stop = new AbortController();

  constructor(path: string, account: WatcherAccount) {
    this.path = path;
    this.#account = account;
    this.wake();
  }

  /** Whether it has its connection or is about to. */
  get isOpen(): boolean {
    return this.#opening || this.#connection?.usable === true;
  }

  /** Opens the connection unless it is open, opening or pausing: a new request has brought a credential. */
  wake(): void {
    if (this.#connection?.usable === true && !this.#account.pool.isExpired(this.#connection))
      return;
    if (this.#opening || this.#pause !== undefined || this.#stop.signal.aborted) return;
    this.#connection?.close();
    this.#opening = true;
    void this.#open();
  }

  async #open(): Promise<void> {
    const { pool, clock } = this.#account;
    let connection: ImapConnection | undefined;
    try {
      connection = await pool.connect(this.#stop.signal, watcherSilenceMs);
      this.#connection = connection;
      this.#openedAtMs = clock.now();
      await this.#listen(connection);
      this.#opening = false;
    } catch (error) {
      this.#connection = undefined;
      connection?.close();
      this.#opening = false;
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    if (this.#stop.signal.aborted) return;
    if (error instanceof LoginRefused) return this.#account.refused(error);
    if (error instanceof TooManyConnections) return this.#account.full();
    this.#account.log.debug({ path: this.path, err: error }, "a folder cannot be watched now");
    // Whoever waits for a folder that is gone must look, and tell its device so.
    if (isNoSuchFolder(error)) this.#hear("arrival");
    this.#retry();
  }

  async #listen(connection: ImapConnection): Promise<void> {
    const { client } = connection;
    await connection.select(this.path);
    client.on("exists", () => this.#hear("arrival"));
    client.on("expunge", () => this.#hear("change"));
    client.on("flags", () => this.#hear("change"));
    connection.onClose(() => this.#lost(connection));
    if (this.#stop.signal.aborted) throw new BackendUnavailable("watching has ended");
    client
      .idle()
      .catch((error: unknown) => {
        this.#account.log.debug({ path: this.path, err: error }, "an IDLE ended");
      })
      .finally(() => connection.drop());
    // Something may have come while nobody watched.
    this.#hear("arrival");
  }

  #hear(kind: WatchEvent["kind"]): void {
    if (this.#stop.signal.aborted) return;
    this.#account.hear({ path: this.path, kind });
    this.#settle();
  }

  /**
   * Dovecot gathers news for half a second, and forgets what it gathered when it hibernates the connection
   * meanwhile (seen with 2.3.19). It hibernates once after each stir and each new IDLE, after a time that only
   * its operator knows: a few looks after each find what was lost.
   */
  #settle(look = 0): void {
    const quietMs = settlingPausesMs[look] ?? idleRearmMs;
    this.#settling?.cancel();
    this.#settling = this.#account.clock.after(quietMs, () => {
      if (this.#connection?.usable === true)
        this.#account.hear({ path: this.path, kind: "arrival" });
      this.#settle(look < settlingPausesMs.length ? look + 1 : 0);
    });
  }

  #lost(connection: ImapConnection): void {
    if (this.#connection !== connection || this.#stop.signal.aborted) return;
    this.#connection = undefined;
    const lived = this.#account.clock.now() - this.#openedAtMs;
    if (lived >= lastingMs) this.#failures = 0;
    if (!this.#opening) this.#retry();
  }

  /** Without a live credential it stays closed: the next request wakes it. */
  #retry(): void {
    const { pool, clock } = this.#account;
    if (!pool.isLeased || pool.closed) return;
    const delayMs = reopenPausesMs[Math.min(this.#failures, reopenPausesMs.length - 1)] ?? 0;
    this.#failures++;
    if (delayMs === 0) return this.wake();
    this.#pause = clock.after(delayMs, () => {
      this.#pause = undefined;
      this.wake();
    });
  }

  [Symbol.dispose](): void {
    this.#stop.abort(new BackendUnavailable("watching has ended"));
    this.#pause?.cancel();
    this.#settling?.cancel();
    this.#connection?.close();
  }
}

/** Whether the server said that the folder is not there. */
export function isNoSuchFolder(error: unknown): boolean {
  return error instanceof BackendError && error.fault === "no such folder";
}
