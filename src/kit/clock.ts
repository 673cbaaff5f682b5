/** Time and randomness, passed in so that tests can hold them still and advance them. */

/** A timer that can be cancelled; disposing of a fired or cancelled timer does nothing. */
export interface Timer extends Disposable {
  cancel(): void;
}

/** The clock of the gateway. */
export interface Clock {
  /** Wall clock, milliseconds since 1970-01-01 UTC. */
  now(): number;
  /** Calls `fire` once after `delayMs` milliseconds. */
  after(delayMs: number, fire: () => void): Timer;
}

const dayMs = 86_400_000;

/** The day of a moment: days since 1970-01-01 UTC. NaN for a moment that is none. */
export function dayOf(ms: number): number {
  return Math.floor(ms / dayMs);
}

/** The machine's own clock. */
export const systemClock: Clock = {
  // oxlint-disable-next-line no-restricted-properties -- the one place that reads the time
  now: () => Date.now(),
  after(delayMs, fire) {
    const handle = setTimeout(fire, delayMs);
    const cancel = (): void => clearTimeout(handle);
    return { cancel, [Symbol.dispose]: cancel };
  },
};
