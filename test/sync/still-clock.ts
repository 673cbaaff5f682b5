/** A clock that stands still until a test moves it. */
import type { Clock, Timer } from "../../src/kit/clock.ts";

/** Fires timers in `advance` alone. */
export class StillClock implements Clock {
  #nowMs: number;
  readonly #timers = new Map<object, { atMs: number; fire: () => void }>();

  constructor(nowMs = 0) {
    this.#nowMs = nowMs;
  }

  now(): number {
    return this.#nowMs;
  }

  after(delayMs: number, fire: () => void): Timer {
    const handle = {};
    this.#timers.set(handle, { atMs: this.#nowMs + delayMs, fire });
    const cancel = (): void => void this.#timers.delete(handle);
    return { cancel, [Symbol.dispose]: cancel };
  }

  /** Timers that wait. */
  get waiting(): number {
    return this.#timers.size;
  }

  /** Moves on, firing what falls due, in order. */
  advance(ms: number): void {
    this.#nowMs += ms;
    const due = [...this.#timers].filter(([, { atMs }]) => atMs <= this.#nowMs);
    for (const [handle, { fire }] of due.toSorted(([, a], [, b]) => a.atMs - b.atMs)) {
      this.#timers.delete(handle);
      fire();
    }
  }

  /** The process died: its timers never fire. */
  forget(): void {
    this.#timers.clear();
  }
}
