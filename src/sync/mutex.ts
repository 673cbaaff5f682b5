/** One at a time per name, in one process. */

/** Gives the turn back; a second call does nothing. */
export type Unlock = () => void;

/** Mutexes by name, kept only while somebody holds or waits. */
export class Mutexes {
  readonly #tails = new Map<string, Promise<void>>();

  /** Waits for its turn, first come first served. Rejects with the signal's reason when that aborts first. */
  async lock(name: string, signal: AbortSignal): Promise<Unlock> {
    signal.throwIfAborted();
    const turn = this.#tails.get(name) ?? Promise.resolve();
    const mine = Promise.withResolvers<void>();
    const tail = turn.then(() => mine.promise);
    this.#tails.set(name, tail);
    void tail.then(() => this.#forget(name, tail));
    try {
      await unlessAborted(turn, signal);
      return mine.resolve;
    } catch (error) {
      // The turn is passed on when it comes; until then those behind still wait for the holder.
      mine.resolve();
      throw error;
    }
  }

  #forget(name: string, tail: Promise<void>): void {
    if (this.#tails.get(name) === tail) this.#tails.delete(name);
  }
}

/** Settles as `promise` does, unless the signal aborts first. */
export async function unlessAborted<Result>(
  promise: Promise<Result>,
  signal: AbortSignal,
): Promise<Result> {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.throwIfAborted();
  signal.addEventListener("abort", abort, { once: true });
  try {
    return await Promise.race([promise, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", abort);
  }
}
