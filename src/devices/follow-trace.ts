/** The reader's side of a trace: switches it on, gives what comes, switches it off. */
import { untilAborted } from "../kit/abort.ts";
import type { Clock } from "../kit/clock.ts";
import { addAudit } from "../store/audit.ts";
import type { DeviceName } from "../store/skipped-items.ts";
import type { Database } from "../store/sql.ts";
import * as rows from "../store/traces.ts";
import { tracedHint, traceHint } from "./traces.ts";

/** What a reader wants to see. */
interface Wanted {
  readonly device: DeviceName;
  readonly minutes: number;
  /** True: with contents; else only their lengths. */
  readonly content: boolean;
  /** Ends the trace before its time. */
  readonly signal: AbortSignal;
}

/** How a trace ended. */
export interface TraceEnd {
  readonly reason: "time is over" | "ended by its reader" | "another trace took its place";
  /** Entries that found no room. */
  readonly leftOut: number;
}

/**
 * Switches a trace on and gives what it yields: each request and answer as text. Whatever ends the reading switches
 * it off. Throws `StoreUnavailable`.
 */
export async function followTrace(
  database: Database,
  clock: Clock,
  wanted: Wanted,
): Promise<AsyncGenerator<string, TraceEnd>> {
  const trace = await switchOn(database, clock, wanted);
  return read(database, clock, { trace, signal: wanted.signal });
}

async function* read(
  database: Database,
  clock: Clock,
  { trace, signal }: { readonly trace: rows.TraceRow; readonly signal: AbortSignal },
): AsyncGenerator<string, TraceEnd> {
  const over = new AbortController();
  using _timer = clock.after(trace.until.getTime() - clock.now(), () => over.abort());
  const ended = AbortSignal.any([over.signal, signal]);
  const news = new News(trace.id);
  using _listening = await database.listen((kind, id) => news.hear(kind, id));
  try {
    for (;;) {
      // Read before the entries are taken: what comes in between is told of by a hint.
      const isLast = ended.aborted;
      const current = await rows.findTrace(database, trace.id);
      if (current === undefined) return { reason: "another trace took its place", leftOut: 0 };
      yield* await rows.takeTraceEntries(database, trace.id);
      const reason = over.signal.aborted ? "time is over" : "ended by its reader";
      if (isLast) return { reason, leftOut: current.leftOut };
      await news.next(ended);
    }
  } finally {
    await rows.removeTrace(database, trace.id);
    await database.notify(database, traceHint, trace.deviceId);
  }
}

async function switchOn(
  database: Database,
  clock: Clock,
  { device, minutes, content }: Wanted,
): Promise<rows.TraceRow> {
  const at = new Date(clock.now());
  const until = new Date(at.getTime() + minutes * 60_000);
  return database.transaction(async (sql) => {
    const trace = await rows.putTrace(sql, device, { content, until });
    const { accountId, id: deviceId } = device;
    const event = { accountId, deviceId, at, event: "trace started" };
    await addAudit(sql, { ...event, details: { minutes, content } });
    await database.notify(sql, traceHint, deviceId);
    return trace;
  });
}

/** Hints that came since the reader last looked. */
class News {
  readonly #traceId: string;
  #came = Promise.withResolvers<void>();

  constructor(traceId: string) {
    this.#traceId = traceId;
  }

  hear(kind: string, id: string): void {
    const ours = kind === tracedHint && id === this.#traceId;
    // A trace that was replaced has to be noticed too.
    if (ours || kind === traceHint || kind === "reconnected") this.#came.resolve();
  }

  /** Resolves when something came, or the signal fires. */
  async next(signal: AbortSignal): Promise<void> {
    await untilAborted(this.#came.promise, signal).catch(() => {});
    this.#came = Promise.withResolvers();
  }
}
