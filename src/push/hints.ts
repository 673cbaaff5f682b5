import type { Clock, Timer } from "../kit/clock.ts";
import { longestQuietMs, quietMs } from "./limits.ts";

/** A collection to look at; undefined stands for the folder hierarchy. */
export type Watched = string | undefined;

/** Gathers hints until somebody asks which collections are due to be looked at. */
export class Hints implements Disposable {
  readonly #clock: Clock;
  readonly #due = new Set<Watched>();
  readonly #quiet = new Map<Watched, { timer: Timer; since: number }>();
  #wake: (() => void) | undefined;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** New mail is due at once; flags and expunges when the collection has been quiet for a while. */
  add(watched: Watched, kind: "arrival" | "change"): void {
    if (kind === "arrival") this.#makeDue(watched);
    else this.#waitForQuiet(watched);
  }

  /** Resolves with what is due, as soon as something is; empties the list. */
  async next(): Promise<readonly Watched[]> {
    if (this.#due.size === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const due = [...this.#due];
    this.#due.clear();
    return due;
  }

  #waitForQuiet(watched: Watched): void {
    const now = this.#clock.now();
    const earlier = this.#quiet.get(watched);
    const since = earlier?.since ?? now;
    earlier?.timer.cancel();
    const delay = Math.min(quietMs, Math.max(0, since + longestQuietMs - now));
    const timer = this.#clock.after(delay, () => this.#makeDue(watched));
    this.#quiet.set(watched, { timer, since });
  }

  #makeDue(watched: Watched): void {
    this.#quiet.get(watched)?.timer.cancel();
    this.#quiet.delete(watched);
    this.#due.add(watched);
    this.#wake?.();
    this.#wake = undefined;
  }

  [Symbol.dispose](): void {
    for (const { timer } of this.#quiet.values()) timer.cancel();
    this.#quiet.clear();
  }
}
