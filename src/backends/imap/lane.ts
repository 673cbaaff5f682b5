/** Bounded work in turns. */

/** Lets so many in at a time; the others wait in order, or the last one comes first. */
export class Lane {
  #places: number;
  readonly #isNewestFirst: boolean;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number, { newestFirst = false } = {}) {
    this.#places = places;
    this.#isNewestFirst = newestFirst;
  }

  /** Those who are inside or wait. */
  get size(): number {
    return this.#inside + this.#waiting.length;
  }

  /** Those who are inside now, or waiting for the place of one who leaves. */
  get inside(): number {
    return this.#inside;
  }

  /** Changes the number of places; where more are inside, nobody enters until so many have left. */
  resize(places: number): void {
    this.#places = places;
    while (this.#inside < places && this.#waiting.length > 0) {
      this.#inside++;
      this.#next()?.();
    }
  }

  /** Resolves when there is a place; disposing of the result gives it back. */
  async enter(signal: AbortSignal): Promise<Disposable> {
    signal.throwIfAborted();
    if (this.#inside >= this.#places) await this.#wait(signal);
    else this.#inside++;
    let left = false;
    return {
      [Symbol.dispose]: () => {
        if (!left) this.#leave();
        left = true;
      },
    };
  }

  /** Whoever leaves hands the place to the next, so that nobody slips in between. */
  #leave(): void {
    const next = this.#inside > this.#places ? undefined : this.#next();
    if (next === undefined) this.#inside--;
    else next();
  }

  #next(): (() => void) | undefined {
    return this.#isNewestFirst ? this.#waiting.pop() : this.#waiting.shift();
  }

  #wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal.removeEventListener("abort", giveUp);
        resolve();
      };
      const giveUp = (): void => {
        const at = this.#waiting.indexOf(enter);
        if (at !== -1) this.#waiting.splice(at, 1);
        reject(signal.reason);
      };
      signal.addEventListener("abort", giveUp, { once: true });
      this.#waiting.push(enter);
    });
  }
}
