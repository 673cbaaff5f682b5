/** Bounded logins: a server's authentication works on a few at a time, and failures are slow. */
import { LoginRefused, type Credential } from "../../backend.ts";
import type { Clock } from "../../kit/clock.ts";
import { doubtfulCredentials, doubtfulLoginsInFlight, doubtMs } from "./limits.ts";

/** Two lanes of logins: credentials that failed lately only ever wait for each other. */
export class Logins {
  readonly #clock: Clock;
  readonly #trusted: Lane;
  readonly #doubtful = new Lane(doubtfulLoginsInFlight);
  /** When each doubtful credential (by fingerprint) failed. */
  readonly #failures = new Map<string, number>();

  constructor(inFlight: number, clock: Clock) {
    this.#trusted = new Lane(inFlight);
    this.#clock = clock;
  }

  /** Runs a login in its lane; rejects with the signal's reason when it ends before its turn. */
  async run<Result>(
    credential: Credential,
    signal: AbortSignal,
    login: () => Promise<Result>,
  ): Promise<Result> {
    const lane = this.#isDoubtful(credential) ? this.#doubtful : this.#trusted;
    using _turn = await lane.enter(signal);
    try {
      const result = await login();
      this.#failures.delete(credential.fingerprint);
      return result;
    } catch (error) {
      if (error instanceof LoginRefused) this.#remember(credential);
      throw error;
    }
  }

  #isDoubtful({ fingerprint }: Credential): boolean {
    const failed = this.#failures.get(fingerprint);
    return failed !== undefined && this.#clock.now() - failed < doubtMs;
  }

  #remember({ fingerprint }: Credential): void {
    this.#failures.delete(fingerprint);
    this.#failures.set(fingerprint, this.#clock.now());
    if (this.#failures.size <= doubtfulCredentials) return;
    const [oldest] = this.#failures.keys();
    if (oldest !== undefined) this.#failures.delete(oldest);
  }
}

/** Lets so many in at a time; the others wait in order. */
export class Lane {
  #places: number;
  #inside = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(places: number) {
    this.#places = places;
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
      this.#waiting.shift()?.();
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
    const next = this.#inside > this.#places ? undefined : this.#waiting.shift();
    if (next === undefined) this.#inside--;
    else next();
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
