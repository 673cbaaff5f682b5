/** Working on intents: their lease is renewed while the work goes on and given back at its end. */
import { randomUUID } from "node:crypto";
import type { Clock, Timer } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { DraftVersion } from "../store/draft-sends.ts";
import { holdIntents, type Lease } from "../store/intents.ts";
import type { Database } from "../store/sql.ts";
import { intentLeaseSeconds } from "./limits.ts";

/** What an intent to send has to remember. */
export interface SendTarget {
  /** Without angle brackets: the client's, else ours, fixed. */
  readonly messageId: string;
  /** Sent when the mail was accepted: a copy that was filed since is at or above `next`. */
  readonly epoch: string;
  readonly next: number;
  /** The version of a draft that the mail was made of. */
  readonly draft?: DraftVersion;
  /** The sync key of the request that named the mail. */
  readonly syncKey?: string;
}

/**
 * Points of sending, in their order: intent committed, server's 250 received, "sent" committed, copy in
 * Sent, "filed" committed.
 */
export type SendStep = "accepted" | "delivered" | "sent" | "appended" | "filed";

/** Kinds of effects on a mail server that are written down first. */
export type EffectKind = "move" | "add" | "change";

/**
 * Points of other effects, in their order: intent committed, effect done, its result committed. Of the change of a
 * draft between the first two: the new version goes under the item's number, the one before is still there.
 */
export type EffectStep = `${EffectKind} ${"intended" | "done" | "kept"}` | "change aliased";

/** Awaited at each named point, so that a test can end the process there. */
export type Checkpoint = (step: SendStep | EffectStep) => void | Promise<void>;

const leaseMs = intentLeaseSeconds * 1000;

/** A lease from now on. */
export function newLease(nowMs: number): Lease {
  return { token: randomUUID(), untilMs: nowMs + leaseMs };
}

/** Holds intents under one lease until disposed of. */
export class IntentHold implements AsyncDisposable {
  readonly #source: { readonly database: Database; readonly clock: Clock; readonly log: Log };
  readonly #ids: readonly string[];
  readonly #token: string;
  #timer: Timer | undefined;
  /** What is told last holds: each waits for the one before, as a pool has many connections. */
  #told: Promise<void> = Promise.resolve();
  #endsMs = 0;

  constructor(
    source: { readonly database: Database; readonly clock: Clock; readonly log: Log },
    ids: readonly string[],
    lease: Lease,
  ) {
    this.#source = source;
    this.#ids = ids;
    this.#token = lease.token;
    this.#renewLater();
  }

  /** Nobody shall work on them before this pause is over, counted from the end of the hold. */
  restAfter(pauseMs: number): void {
    this.#endsMs = this.#source.clock.now() + pauseMs;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#timer?.cancel();
    this.#timer = undefined;
    await this.#tell(this.#endsMs);
  }

  #renewLater(): void {
    this.#timer = this.#source.clock.after(leaseMs / 3, () => {
      this.#renewLater();
      void this.#tell(this.#source.clock.now() + leaseMs);
    });
  }

  #tell(untilMs: number): Promise<void> {
    this.#told = this.#told.then(() => this.#hold(untilMs));
    return this.#told;
  }

  /** A lease that could not be renewed ends by itself, so a fault here is only told. */
  async #hold(untilMs: number): Promise<void> {
    const { database, log } = this.#source;
    try {
      await holdIntents(database, this.#ids, { token: this.#token, untilMs });
    } catch (error) {
      log.warn({ err: error }, "The lease of an intent could not be kept or given back.");
    }
  }
}

/** Waits; rejects with the signal's reason when that comes first. */
export async function pause(clock: Clock, delayMs: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const abort = (): void => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  using timer = clock.after(delayMs, resolve);
  try {
    signal.throwIfAborted();
    await promise;
  } finally {
    signal.removeEventListener("abort", abort);
    timer.cancel();
  }
}
