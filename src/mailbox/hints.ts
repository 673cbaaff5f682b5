/** Hints between requests and processes: an account's hierarchy changed, an account has a copy to be filed. */
import type { Log } from "../kit/log.ts";
import type { Database } from "../store/sql.ts";
import { hierarchyHint } from "./folders.ts";
import { filingHint, type PendingFilings } from "./pending-filings.ts";

/** The hint of the store after its connection was lost: any hint may have been missed. */
const reconnectedHint = "reconnected";

/** Who waits for changes of an account's hierarchy. One listener of the store for all of them. */
export class Hints implements AsyncDisposable {
  readonly #database: Database;
  readonly #pending: PendingFilings;
  readonly #log: Log;
  readonly #waiting = new Map<string, Set<() => void>>();
  #listening: Promise<Disposable> | undefined;

  constructor(database: Database, pending: PendingFilings, log: Log) {
    this.#database = database;
    this.#pending = pending;
    this.#log = log;
  }

  /** Begins to listen, once; a failed attempt is made again at the next call. */
  async start(): Promise<void> {
    this.#listening ??= this.#database.listen((kind, id) => this.#hear(kind, id));
    try {
      await this.#listening;
    } catch (error) {
      this.#listening = undefined;
      throw error;
    }
  }

  /** Calls `changed` whenever the account's hierarchy may have changed. */
  onHierarchy(accountId: string, changed: () => void): Disposable {
    const waiting = this.#waiting.get(accountId) ?? new Set();
    this.#waiting.set(accountId, waiting.add(changed));
    const remove = (): void => {
      waiting.delete(changed);
      if (waiting.size === 0 && this.#waiting.get(accountId) === waiting) {
        this.#waiting.delete(accountId);
      }
    };
    return { [Symbol.dispose]: remove };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const listening = await this.#listening?.catch(() => undefined);
    listening?.[Symbol.dispose]();
  }

  #hear(kind: string, id: string): void {
    if (kind === hierarchyHint) this.#wake(this.#waiting.get(id));
    if (kind === filingHint) this.#hearFiling(id);
    if (kind !== reconnectedHint) return;
    this.#pending.forget();
    for (const waiting of this.#waiting.values()) this.#wake(waiting);
  }

  #wake(waiting: ReadonlySet<() => void> | undefined): void {
    if (waiting !== undefined) for (const changed of waiting) changed();
  }

  #hearFiling(accountId: string): void {
    this.#pending.hear(accountId).catch((error: unknown) => {
      this.#log.warn({ err: error }, "Could not read which copies wait for being filed.");
    });
  }
}
