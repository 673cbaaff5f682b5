/** Waiting: who waits for which collections, for how long, and what ends the wait. */
import type { Clock, Timer } from "../kit/clock.ts";
import { Hints, type Watched } from "./hints.ts";
import { averageWeight } from "./limits.ts";
import { Pace } from "./pace.ts";

/** A hint of a backend or of the store that a collection may have changed. */
export interface Hint {
  readonly collectionId: Watched;
  readonly kind: "arrival" | "change";
}

/** A held Ping or Sync. */
export interface Wait {
  /** Row id of the device; a newer wait of the same device ends this one. */
  readonly deviceId: string;
  /** The device's wait_epoch that this request got when it arrived. */
  readonly epoch: bigint;
  readonly heartbeatSeconds: number;
  /** What is looked at on arrival; undefined is the hierarchy. */
  readonly watched: readonly Watched[];
  /** Subscribes to hints for all that is watched. */
  watch(listener: (hint: Hint) => void): Promise<Disposable>;
  /** Whether a Sync would now deliver something: a dry run that moves the marks when it would not. */
  look(watched: Watched): Promise<boolean>;
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal;
}

/** How a wait ended. */
export type WaitOutcome =
  | { readonly kind: "changed"; readonly watched: readonly Watched[] }
  | { readonly kind: "expired" | "superseded" | "draining" };

/** Which heartbeat intervals the operator allows, in seconds. */
export interface HeartbeatBounds {
  readonly minSeconds: number;
  readonly maxSeconds: number;
}

/** All waits of this process. */
export interface Push {
  readonly bounds: HeartbeatBounds;
  /** Holds until something visible changed or the wait ended. Rejects when the client hung up or a look failed. */
  wait(wait: Wait): Promise<WaitOutcome>;
  /** A hint of the store: "wait" `<device>:<epoch>`, "device" `<device>` (block, wipe, policy), "reconnected". */
  hear(kind: string, id: string): void;
  /** Answers all held requests, spread evenly over `seconds`, and holds no new one. */
  drain(seconds: number): Promise<void>;
  /** Requests held now: those that found nothing to tell when they came. */
  held(): number;
  /** Running average of the heartbeats that devices asked for, in seconds; 0 before the first. */
  averageHeartbeatSeconds(): number;
}

/** A wait that is being held. */
interface Held {
  readonly wait: Wait;
  readonly hints: Hints;
  readonly ended: Promise<WaitOutcome>;
  /** Whether it has looked at everything once and waits for hints. */
  isWaiting: boolean;
  end(outcome: WaitOutcome): void;
}

/** The waits of one process. */
export function createPush(clock: Clock, bounds: HeartbeatBounds): Push {
  return new Waits(clock, bounds);
}

class Waits implements Push {
  readonly bounds: HeartbeatBounds;
  readonly #clock: Clock;
  readonly #held = new Set<Held>();
  readonly #pace: Pace;
  #draining = false;
  #averageSeconds = 0;

  constructor(clock: Clock, bounds: HeartbeatBounds) {
    this.#clock = clock;
    this.#pace = new Pace(clock);
    this.bounds = bounds;
  }

  async wait(wait: Wait): Promise<WaitOutcome> {
    wait.signal.throwIfAborted();
    if (this.#draining) return { kind: "draining" };
    this.#supersede(wait.deviceId, wait.epoch);
    this.#count(wait.heartbeatSeconds);
    const ending = Promise.withResolvers<WaitOutcome>();
    using hints = new Hints(this.#clock);
    const held: Held = {
      wait,
      hints,
      ended: ending.promise,
      isWaiting: false,
      end: ending.resolve,
    };
    using _expiry = this.#expiry(held);
    const hangUp = (): void => ending.reject(wait.signal.reason);
    wait.signal.addEventListener("abort", hangUp, { once: true });
    this.#held.add(held);
    try {
      // The race lets go at once, even while a look waits for a slow server.
      return await Promise.race([ending.promise, this.#inTurn(held)]);
    } finally {
      this.#held.delete(held);
      wait.signal.removeEventListener("abort", hangUp);
      ending.resolve({ kind: "expired" });
    }
  }

  hear(kind: string, id: string): void {
    if (kind === "reconnected") this.#lookAgain(() => true);
    if (kind === "device") this.#lookAgain((held) => held.wait.deviceId === id);
    if (kind !== "wait") return;
    const [deviceId, epoch] = id.split(":");
    if (deviceId !== undefined && epoch !== undefined) this.#supersede(deviceId, BigInt(epoch));
  }

  async drain(seconds: number): Promise<void> {
    this.#draining = true;
    const held = [...this.#held];
    const stepMs = (seconds * 1000) / Math.max(1, held.length);
    await Promise.all(held.map((one, index) => this.#endLater(one, index * stepMs)));
  }

  held(): number {
    return [...this.#held].filter(({ isWaiting }) => isWaiting).length;
  }

  averageHeartbeatSeconds(): number {
    return this.#averageSeconds;
  }

  /** A device that asks too often looks later; whatever ends its wait ends it before. */
  async #inTurn(held: Held): Promise<WaitOutcome> {
    const delayMs = this.#pace.begin(held.wait.deviceId);
    if (delayMs > 0) {
      const turn = Promise.withResolvers<undefined>();
      using _timer = this.#clock.after(delayMs, () => turn.resolve(undefined));
      const ended = await Promise.race([turn.promise, held.ended]);
      if (ended !== undefined) return ended;
    }
    return await watchAndLook(held);
  }

  #endLater(held: Held, delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      this.#clock.after(delayMs, () => {
        held.end({ kind: "draining" });
        resolve();
      });
    });
  }

  #expiry(held: Held): Timer {
    const delayMs = held.wait.heartbeatSeconds * 1000;
    return this.#clock.after(delayMs, () => held.end({ kind: "expired" }));
  }

  #supersede(deviceId: string, epoch: bigint): void {
    for (const held of this.#held) {
      if (held.wait.deviceId !== deviceId || held.wait.epoch >= epoch) continue;
      held.end({ kind: "superseded" });
    }
  }

  #lookAgain(concerned: (held: Held) => boolean): void {
    for (const held of this.#held) {
      if (!concerned(held)) continue;
      for (const watched of held.wait.watched) held.hints.add(watched, "arrival");
    }
  }

  #count(heartbeatSeconds: number): void {
    const before = this.#averageSeconds === 0 ? heartbeatSeconds : this.#averageSeconds;
    this.#averageSeconds = before + (heartbeatSeconds - before) * averageWeight;
  }
}

/**
 * Three phases: subscribe; look at everything against the state of the last Sync, so that a change between
 * that Sync and this request is not lost; then look at what hints name.
 */
async function watchAndLook(held: Held): Promise<WaitOutcome> {
  const { wait, hints, ended } = held;
  using _watching = await wait.watch((hint) => hints.add(hint.collectionId, hint.kind));
  for (let due = wait.watched; ;) {
    const visible = await visibleOf(wait, due);
    if (visible.length > 0) return { kind: "changed", watched: visible };
    held.isWaiting = true;
    const next = await Promise.race([hints.next(), ended]);
    if ("kind" in next) return next;
    due = next;
  }
}

async function visibleOf(wait: Wait, due: readonly Watched[]): Promise<readonly Watched[]> {
  const visible: Watched[] = [];
  for (const watched of due) {
    wait.signal.throwIfAborted();
    if (wait.watched.includes(watched) && (await wait.look(watched))) visible.push(watched);
  }
  return visible;
}
