/** Which accounts have sent mail that waits for being filed: known without asking at each request. */
import { hasPendingMime, listPendingAccounts } from "../store/intents.ts";
import type { Database } from "../store/sql.ts";

/** The kind of hint that tells other processes: an account has a copy to be filed. */
export const filingHint = "filing";

/** Read once when first asked, then kept up by this process's own filings and other processes' hints. */
export class PendingFilings {
  readonly #database: Database;
  #loaded: Promise<Set<string>> | undefined;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Whether this account may have copies to be filed. */
  async has(accountId: string): Promise<boolean> {
    return (await this.#accounts()).has(accountId);
  }

  /** A copy was kept: tells this process and the others. */
  async add(accountId: string): Promise<void> {
    (await this.#accounts()).add(accountId);
    await this.#database.notify(this.#database, filingHint, accountId);
  }

  /** Another process kept a copy. */
  async hear(accountId: string): Promise<void> {
    (await this.#accounts()).add(accountId);
  }

  /** Hints may have been lost: reads all of it anew when next asked. */
  forget(): void {
    this.#loaded = undefined;
  }

  /** Looks whether something still waits. */
  async check(accountId: string): Promise<void> {
    if (await hasPendingMime(this.#database, accountId)) return;
    (await this.#accounts()).delete(accountId);
  }

  async #accounts(): Promise<Set<string>> {
    this.#loaded ??= listPendingAccounts(this.#database).then((ids) => new Set(ids));
    try {
      return await this.#loaded;
    } catch (error) {
      this.#loaded = undefined;
      throw error;
    }
  }
}
