/** How often a device may begin to wait: one that comes back at once, over and over, is let in more slowly. */
import { BoundedMap } from "../kit/bounded-map.ts";
import type { Clock } from "../kit/clock.ts";
import { freeWaits, maxPacedDevices, waitSpacingMs } from "./limits.ts";

const freeMs = freeWaits * waitSpacingMs;

/** The waits that devices began of late. */
export class Pace {
  readonly #clock: Clock;
  /** When a device would be at rest had each of its waits taken `waitSpacingMs`. */
  readonly #restAt: BoundedMap<string, number>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#restAt = new BoundedMap(clock, maxPacedDevices);
  }

  /** Counts a wait that begins now; the milliseconds, `waitSpacingMs` at the most, until its first look is due. */
  begin(deviceId: string): number {
    const now = this.#clock.now();
    const restAt = Math.max(now, this.#restAt.get(deviceId) ?? now);
    const next = Math.min(restAt, now + freeMs) + waitSpacingMs;
    this.#restAt.set(deviceId, next, next - now);
    return Math.max(0, next - freeMs - now);
  }
}
