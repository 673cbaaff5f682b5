/** What slows down who fails to sign in again and again: a device, an address, never an account. */
import { BoundedMap } from "../kit/bounded-map.ts";
import type { Clock } from "../kit/clock.ts";
import * as limits from "./limits.ts";

interface Failures {
  readonly count: number;
  /** Until when the device's attempts are refused unasked. */
  readonly pausedUntil: number;
}

/** Different wrong credentials by the device and the address that they came from. */
export class BackOff {
  readonly #clock: Clock;
  readonly #devices: BoundedMap<string, Failures>;
  readonly #addresses: BoundedMap<string, number>;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#devices = new BoundedMap(clock, limits.maxSources);
    this.#addresses = new BoundedMap(clock, limits.maxSources);
  }

  /** Milliseconds that a device still has to wait; 0: it may try. */
  pauseMs(device: string): number {
    const pausedUntil = this.#devices.get(device)?.pausedUntil ?? 0;
    return Math.max(0, pausedUntil - this.#clock.now());
  }

  /** Whether attempts from this address go one by one: that slows a guesser and refuses nobody. */
  isSuspect(address: string): boolean {
    return (this.#addresses.get(address) ?? 0) > limits.freeAddressFailures;
  }

  /** Counts a failure; beyond the device's free ones each doubles its pause. */
  failed(device: string, address: string): void {
    const count = (this.#devices.get(device)?.count ?? 0) + 1;
    const over = count - limits.freeDeviceFailures;
    const pause = over <= 0 ? 0 : limits.firstPauseMs * 2 ** (over - 1);
    const pausedUntil = this.#clock.now() + Math.min(pause, limits.longestPauseMs);
    this.#devices.set(device, { count, pausedUntil }, limits.failureMemoryMs);
    const failures = (this.#addresses.get(address) ?? 0) + 1;
    this.#addresses.set(address, failures, limits.failureMemoryMs);
  }

  /** A success clears the device; its address is shared, and keeps its count. */
  succeeded(device: string): void {
    this.#devices.delete(device);
  }
}
