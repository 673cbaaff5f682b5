/** Traces: for some minutes an operator sees what one device and this server say to each other. */
import type { Clock, Timer } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Database } from "../store/sql.ts";
import * as rows from "../store/traces.ts";
import * as limits from "./limits.ts";

/** The hint that a trace was switched on or off. */
export const traceHint = "trace";

/** The hint that a trace has new entries; its id follows. */
export const tracedHint = "traced";

/** What the traces of a process work with. */
interface TracesOptions {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
}

/** The traces that are switched on, as one process knows them: a device without one costs a look into a map. */
export class Traces implements AsyncDisposable {
  readonly #options: TracesOptions;
  readonly #active = new Map<string, rows.TraceRow>();
  #sweep: Timer | undefined;
  #tail: Promise<void> = Promise.resolve();

  private constructor(options: TracesOptions) {
    this.#options = options;
  }

  /** Learns which traces are on, and hears of all changes. Throws `StoreUnavailable`. */
  static async open(options: TracesOptions): Promise<Traces> {
    const traces = new Traces(options);
    await traces.#load();
    return traces;
  }

  /** A hint of the store. */
  hear(kind: string): void {
    if (kind === traceHint || kind === "reconnected") this.#queue(() => this.#load());
  }

  /**
   * Writes an entry when the device (row id) is traced now. `describe` is called only then, and told whether
   * contents may be in it. Entries of a process are kept in the order of the calls.
   */
  write(deviceId: string, describe: (content: boolean) => Promise<string>): void {
    const traced = this.#active.get(deviceId);
    if (traced === undefined || traced.until.getTime() <= this.#options.clock.now()) return;
    const { id, content } = traced;
    const described = describe(content);
    // Its failure is reported when its turn comes.
    described.catch(() => {});
    this.#queue(async () => this.#add(id, await described));
  }

  /** Resolves when all that was written is stored. */
  async settled(): Promise<void> {
    await this.#tail;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#active.clear();
    await this.#tail;
    this.#sweep?.cancel();
  }

  async #add(traceId: string, text: string): Promise<void> {
    const { database } = this.#options;
    await rows.addTraceEntry(database, traceId, clipped(text), {
      maxEntries: limits.maxTraceEntries,
      maxBytes: limits.maxTraceBytes,
    });
    await database.notify(database, tracedHint, traceId);
  }

  async #load(): Promise<void> {
    const { database, clock } = this.#options;
    await rows.removeTracesBefore(database, new Date(clock.now() - limits.traceGraceMs));
    const found = await rows.listTraces(database);
    this.#active.clear();
    for (const row of found) this.#active.set(row.deviceId, row);
    this.#sweepAfter(found.map(({ until }) => until.getTime()));
  }

  /** A reader removes its trace at the end; this is for one that was killed. */
  #sweepAfter(ends: readonly number[]): void {
    const { clock } = this.#options;
    this.#sweep?.cancel();
    if (ends.length === 0) return;
    const delayMs = Math.min(...ends) + limits.traceGraceMs + 1 - clock.now();
    this.#sweep = clock.after(Math.max(0, delayMs), () => this.#queue(() => this.#load()));
  }

  #queue(work: () => Promise<void>): void {
    this.#tail = this.#tail.then(work).catch((error: unknown) => {
      this.#options.log.warn({ err: error }, "A trace could not be kept");
    });
  }
}

function clipped(text: string): string {
  if (text.length <= limits.maxTraceEntryLength) return text;
  const left = text.length - limits.maxTraceEntryLength;
  return `${text.slice(0, limits.maxTraceEntryLength)}\n(${left} further characters are left out)`;
}
