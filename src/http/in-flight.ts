/** Requests that run or are held, counted by device. */
import { maxInFlightPerDevice } from "./limits.ts";

/** The requests of one process. */
export class InFlight {
  readonly #counts = new Map<string, number>();

  /** Takes a place for a device, given back by disposing; undefined when it has too many already. */
  enter(deviceId: string): Disposable | undefined {
    const count = this.#counts.get(deviceId) ?? 0;
    if (count >= maxInFlightPerDevice) return undefined;
    this.#counts.set(deviceId, count + 1);
    return { [Symbol.dispose]: () => this.#leave(deviceId) };
  }

  #leave(deviceId: string): void {
    const count = (this.#counts.get(deviceId) ?? 1) - 1;
    if (count === 0) this.#counts.delete(deviceId);
    else this.#counts.set(deviceId, count);
  }
}
