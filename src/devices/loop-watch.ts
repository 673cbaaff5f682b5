/** Watches the commands of all devices for loops, and writes down those that it sees. */
import { BoundedMap } from "../kit/bounded-map.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { putDeviceLoop } from "../store/device-loops.ts";
import type { DeviceName } from "../store/skipped-items.ts";
import type { Sql } from "../store/sql.ts";
import { loopWindowMs, maxRememberedDevices } from "./limits.ts";
import { follow, type AnsweredCommand, type History, type Loop } from "./loops.ts";

/** What a process needs to see loops. */
interface LoopWatchOptions {
  readonly sql: Sql;
  readonly clock: Clock;
  readonly log: Log;
}

/** The last commands of the devices that this process served. Disposing of it waits for what is being written. */
export class LoopWatch implements AsyncDisposable {
  readonly #options: LoopWatchOptions;
  readonly #histories: BoundedMap<string, History>;
  #writing: Promise<void> = Promise.resolve();

  constructor(options: LoopWatchOptions) {
    this.#options = options;
    this.#histories = new BoundedMap(options.clock, maxRememberedDevices);
  }

  /** Takes note of an answered command; never throws. */
  note(device: DeviceName, answered: Omit<AnsweredCommand, "at">): void {
    const at = this.#options.clock.now();
    const before = this.#histories.get(device.id) ?? [];
    const { history, loop } = follow(before, { ...answered, at });
    this.#histories.set(device.id, history, loopWindowMs);
    if (loop !== undefined) this.#writing = this.#writing.then(() => this.#write(device, loop, at));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writing;
  }

  async #write(device: DeviceName, { kind, status }: Loop, at: number): Promise<void> {
    const { sql, log } = this.#options;
    log.warn({ deviceRow: device.id, loop: kind, status }, "A device goes round in circles");
    await putDeviceLoop(sql, device, { kind, status, at: new Date(at) }).catch((error: unknown) => {
      log.warn({ err: error }, "A loop could not be written down");
    });
  }
}
