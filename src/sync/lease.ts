/** The lease of a head: one process at a time works on a collection of a partnership. */
import { randomUUID } from "node:crypto";
import type { Clock, Timer } from "../kit/clock.ts";
import {
  growth,
  leaseMs,
  leasePollFirstMs,
  leasePollMostMs,
  longestWorkMs,
  renewMs,
} from "./limits.ts";
import { unlessAborted } from "./mutex.ts";
import type { HeadRow, HeadRows, LeaseClaim, Place } from "./rows.ts";

/** A lease that is held, and the head as it was when it was taken. */
export class Lease {
  readonly row: HeadRow;
  readonly token: string;
  readonly #rows: HeadRows;
  readonly #place: Place;
  readonly #clock: Clock;
  readonly #since: number;
  #timer: Timer | undefined;

  constructor(held: { place: Place; row: HeadRow; token: string }, rows: HeadRows, clock: Clock) {
    this.row = held.row;
    this.token = held.token;
    this.#place = held.place;
    this.#rows = rows;
    this.#clock = clock;
    this.#since = clock.now();
    this.#renewLater();
  }

  /** Stops renewing: the work is done or given up. */
  stop(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
  }

  /** Gives the lease back. */
  async release(): Promise<void> {
    this.stop();
    await this.#rows.release(this.#place, this.token);
  }

  #renewLater(): void {
    if (this.#clock.now() - this.#since >= longestWorkMs) return;
    this.#timer = this.#clock.after(renewMs, () => void this.#renew());
  }

  async #renew(): Promise<void> {
    const again = this.#timer;
    // A renewal that fails is tried again; a lease that ran out is found by `commit`, which compares it.
    await this.#rows.renew(this.#place, claim(this.token, this.#clock)).catch(() => undefined);
    if (this.#timer === again && again !== undefined) this.#renewLater();
  }
}

/**
 * Takes the lease of a head, waiting while another process works on it. Undefined: there is no such head, and
 * `create` is false. Rejects with the signal's reason.
 */
export async function takeLease(
  rows: HeadRows,
  clock: Clock,
  wanted: { readonly place: Place; readonly create: boolean; readonly signal: AbortSignal },
): Promise<Lease | undefined> {
  const { place, create, signal } = wanted;
  const token = randomUUID();
  for (let pauseMs = leasePollFirstMs; ; pauseMs = Math.min(pauseMs * growth, leasePollMostMs)) {
    signal.throwIfAborted();
    if (create) await rows.create(place);
    const row = await rows.take(place, claim(token, clock));
    if (row !== undefined) return new Lease({ place, row, token }, rows, clock);
    if (!create && (await rows.find(place)) === undefined) return undefined;
    await pause(clock, pauseMs, signal);
  }
}

function claim(token: string, clock: Clock): LeaseClaim {
  const now = clock.now();
  return { token, now, until: now + leaseMs };
}

async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  const over = Promise.withResolvers<void>();
  using _timer = clock.after(delayMs, over.resolve);
  await unlessAborted(over.promise, signal);
}
