/** The worker processes of a gateway: started together, replaced when one ends, ended together. */
import cluster, { type Worker } from "node:cluster";
import type { Clock, Timer } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { firstPauseMs, graceMs, longestPauseMs } from "./limits.ts";

/** What a worker is told when it shall end. */
export const endMessage = "end";

/** What a crew works with. */
interface CrewOptions {
  readonly size: number;
  readonly drainSeconds: number;
  readonly clock: Clock;
  readonly log: Log;
}

/** Where the workers listen. */
interface Listening {
  readonly address: string;
  readonly port: number;
}

/** A crew of workers that share one port. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #workers = new Set<Worker>();
  readonly #serving = new Set<Worker>();
  readonly #pauses = new Set<Timer>();
  #nextPauseMs = firstPauseMs;
  #isEnding = false;

  constructor(options: CrewOptions) {
    this.#options = options;
  }

  /** Workers that serve now. */
  get serving(): number {
    return this.#serving.size;
  }

  /** Starts all; resolves when they listen. Throws when one ends before; then the others have ended too. */
  async start(): Promise<Listening> {
    const { size } = this.#options;
    const first = Array.from({ length: size }, () => this.#listening(this.#fork()));
    try {
      const [listening] = await Promise.all(first);
      if (listening === undefined) throw new Error("a crew has at least one worker");
      return listening;
    } catch (error) {
      await this.end();
      throw error;
    }
  }

  /** Ends all in order and waits for the last; whoever takes too long is killed. */
  async end(): Promise<void> {
    const { clock, drainSeconds } = this.#options;
    this.#isEnding = true;
    for (const pause of this.#pauses) pause.cancel();
    using _patience = clock.after(drainSeconds * 1_000 + graceMs, () => {
      for (const worker of this.#workers) worker.process.kill("SIGKILL");
    });
    const ended = [...this.#workers].map((worker) => {
      const end = new Promise((resolve) => worker.once("exit", resolve));
      if (worker.isConnected()) worker.send(endMessage);
      return end;
    });
    await Promise.all(ended);
  }

  #fork(): Worker {
    const worker = cluster.fork();
    this.#workers.add(worker);
    // What cannot be sent to a worker that is just ending is answered by its end.
    worker.on("error", () => {});
    worker.once("listening", () => {
      this.#serving.add(worker);
      this.#nextPauseMs = firstPauseMs;
    });
    worker.once("exit", (code, signal) => {
      this.#workers.delete(worker);
      const served = this.#serving.delete(worker);
      if (this.#isEnding) return;
      const { pid } = worker.process;
      this.#options.log.error({ pid, code, signal, served }, "A worker ended, starting another");
      this.#replace();
    });
    return worker;
  }

  #replace(): void {
    const pauseMs = this.#nextPauseMs;
    this.#nextPauseMs = Math.min(pauseMs * 2, longestPauseMs);
    const pause = this.#options.clock.after(pauseMs, () => {
      this.#pauses.delete(pause);
      this.#fork();
    });
    this.#pauses.add(pause);
  }

  /** Where a first worker listens; rejects when it ends before. */
  #listening(worker: Worker): Promise<Listening> {
    return new Promise((resolve, reject) => {
      worker.once("listening", ({ address, port }) => resolve({ address, port }));
      worker.once("exit", () => reject(new Error("A worker ended before it served: see above.")));
    });
  }
}
