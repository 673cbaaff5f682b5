/** The lease on an account's mail session: taken at first use, given back at the end of the request. */
import type { MailSession } from "../backend.ts";

/** Opens at most one session; a failed attempt is made again at the next use. */
export class Lease implements AsyncDisposable {
  readonly #open: () => Promise<MailSession>;
  #session: Promise<MailSession> | undefined;
  #opened: MailSession | undefined;
  #isOver = false;

  constructor(open: () => Promise<MailSession>) {
    this.#open = open;
  }

  /** The session. Throws LoginRefused, BackendUnavailable. */
  async session(): Promise<MailSession> {
    if (this.#isOver) throw new Error("the mailbox was closed with its request");
    this.#session ??= this.#open();
    try {
      this.#opened = await this.#session;
      return this.#opened;
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  /** Commands sent through this lease; 0 while it was not needed. */
  roundTrips(): number {
    return this.#opened?.roundTrips() ?? 0;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#isOver = true;
    const session = await this.#session?.catch(() => undefined);
    this.#session = undefined;
    await session?.[Symbol.asyncDispose]();
  }
}
