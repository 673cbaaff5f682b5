import type { Clock, Timer } from "./clock.ts";

/** A clock for tests: stands still until it is told to move. */
export class StillClock implements Clock {
  #now: number;
  readonly #timers = new Set<{ readonly at: number; readonly fire: () => void }>();

  /** Starts at this moment, in milliseconds since 1970-01-01 UTC. */
  constructor(now = 0) {
    this.#now = now;
  }

  now(): number {
    return this.#now;
  }

  after(delayMs: number, fire: () => void): Timer {
    const timer = { at: this.#now + delayMs, fire };
    this.#timers.add(timer);
    const cancel = (): void => void this.#timers.delete(timer);
    return { cancel, [Symbol.dispose]: cancel };
  }

  /** Lets this much time pass and fires the timers that it passes, earliest first. */
  advance(ms: number): void {
    this.#now += ms;
    const due = [...this.#timers].filter(({ at }) => at <= this.#now);
    for (const timer of due.toSorted((one, other) => one.at - other.at)) {
      if (this.#timers.delete(timer)) timer.fire();
    }
  }

  /** Timers that wait to fire. */
  pending(): number {
    return this.#timers.size;
  }

  /** The process died: its timers never fire. */
  forget(): void {
    this.#timers.clear();
  }
}
