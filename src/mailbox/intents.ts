/**
 * Effects on a mail server that happen once, whatever is repeated (architecture.md, "Once, or said to be
 * unknown"): what is needed to recognise the effect is committed before it begins, and what became of it
 * behind it. A repeat finds the result, waits for another request that is at work, or goes on where a
 * process ended.
 */
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import {
  addIntents,
  finishIntents,
  listIntentsOf,
  takeIntents,
  type IntentOwner,
  type NamedIntent,
  type NewIntent,
} from "../store/intent-batches.ts";
import { removeIntents, removeIntentsBefore, type IntentName } from "../store/intents.ts";
import type { Database } from "../store/sql.ts";
import { IntentHold, newLease, pause, type Checkpoint, type EffectKind } from "./intent-hold.ts";
import {
  abandonedEffectSeconds,
  expiredIntentsAtOnce,
  intentDays,
  intentPollMs,
} from "./limits.ts";

const dayMs = 86_400_000;

/** What intents need of the gateway. */
export interface IntentSource {
  readonly database: Database;
  readonly clock: Clock;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
}

/** Names one effect among those of a device and kind; another fingerprint under the same key is another effect. */
export type Wish = Pick<IntentName, "clientKey" | "fingerprint">;

/** A wish that is to begin. `done`: what became of it when it was carried out before. */
export interface Beginning<Target> extends Wish {
  readonly done: Target | undefined;
}

/** An effect that is this request's to carry out. */
export interface OpenIntent<Target> {
  readonly clientKey: string;
  readonly target: Target;
  /** A process ended at work on it: perhaps the effect has happened. */
  readonly isRepeat: boolean;
}

/** How effects of one kind begin and are carried out. Results go by client key. */
export interface Effect<Target> {
  /**
   * What to write down before an effect begins. What is left out does not begin: there is nothing to do, or
   * it was done before and that holds.
   */
  begin(wishes: readonly Beginning<Target>[]): Promise<ReadonlyMap<string, Target>>;
  /** Carries out; gives what became of it. What is left out did not happen, and its intent is dropped. */
  carryOut(open: readonly OpenIntent<Target>[]): Promise<ReadonlyMap<string, Target>>;
}

/** Effects of one kind, and what became of them so far. */
interface Run<Target> {
  readonly effect: Effect<Target>;
  readonly results: Map<string, Target>;
  readonly signal: AbortSignal;
}

/** Intents of a run that are carried out together, held until their results are kept. */
interface Turn<Target> extends Run<Target> {
  readonly hold: IntentHold;
  readonly isRepeat: boolean;
}

/** The effects of one kind that a device asks for. */
export class Intents<Target> {
  readonly #source: IntentSource;
  readonly #owner: IntentOwner & { readonly kind: EffectKind };

  constructor(source: IntentSource, owner: IntentOwner & { readonly kind: EffectKind }) {
    this.#source = source;
    this.#owner = owner;
  }

  /**
   * Carries out what these wishes name, each once; gives what became of each that happened, now or before.
   * `signal` ends only waiting for other requests. Throws what the effect throws: a repeat then goes on.
   */
  async run(
    wishes: readonly Wish[],
    effect: Effect<Target>,
    signal: AbortSignal,
  ): Promise<ReadonlyMap<string, Target>> {
    const run: Run<Target> = { effect, results: new Map(), signal };
    let left = wishes;
    for (let turn = 0; left.length > 0; turn++) {
      if (turn > 0) await pause(this.#source.clock, intentPollMs, signal);
      left = await this.#turn(left, run);
    }
    return run.results;
  }

  /** Does what can be done now; gives the wishes that another request works on. */
  async #turn(wishes: readonly Wish[], run: Run<Target>): Promise<readonly Wish[]> {
    const known = await this.#known(wishes);
    const open = [...known.values()].filter(({ state }) => state !== "done");
    const busy = await this.#goOn(open, run);
    const idle = wishes.filter(({ clientKey }) => known.get(clientKey)?.state !== "accepted");
    return [...busy, ...(await this.#start(idle, known, run))];
  }

  /** Goes on with what nobody works on any more; gives the others. */
  async #goOn(open: readonly NamedIntent<Target>[], run: Run<Target>): Promise<readonly Wish[]> {
    if (open.length === 0) return [];
    const { database, clock } = this.#source;
    const nowMs = clock.now();
    const lease = newLease(nowMs);
    const ids = open.map(({ id }) => id);
    const taken = await takeIntents<Target>(database, ids, { ...lease, nowMs });
    await using hold = new IntentHold(this.#source, idsOf(taken), lease);
    if (taken.length > 0) await this.#carryOut(taken, { ...run, hold, isRepeat: true });
    const ours = new Set(idsOf(taken));
    return open.filter(({ id }) => !ours.has(id));
  }

  /** Begins what is not done; gives what another request began meanwhile. */
  async #start(
    wishes: readonly Wish[],
    known: ReadonlyMap<string, NamedIntent<Target>>,
    run: Run<Target>,
  ): Promise<readonly Wish[]> {
    if (wishes.length === 0) return [];
    const asked = wishes.map((wish) => ({ ...wish, done: known.get(wish.clientKey)?.target }));
    const targets = await run.effect.begin(asked);
    const stays = asked.filter(({ clientKey }) => !targets.has(clientKey));
    for (const { clientKey, done } of stays) {
      if (done !== undefined) run.results.set(clientKey, done);
    }
    // What is not there any more may have gone by another request with the same wish.
    const elsewhere = await this.#known(stays.filter(({ done }) => done === undefined));
    const again = [...known.values()].filter(({ clientKey }) => targets.has(clientKey));
    if (again.length > 0) await removeIntents(this.#source.database, idsOf(again));
    const begun = asked.flatMap(({ clientKey, fingerprint }) => {
      const target = targets.get(clientKey);
      return target === undefined ? [] : [{ clientKey, fingerprint, target }];
    });
    return [...elsewhere.values(), ...(await this.#add(begun, run))];
  }

  /** Writes new intents and carries them out; gives those that another request wrote just now. */
  async #add(begun: readonly NewIntent<Target>[], run: Run<Target>): Promise<readonly Wish[]> {
    if (begun.length === 0) return [];
    const { database, clock } = this.#source;
    await removeExpired(this.#source, begun.length + expiredIntentsAtOnce);
    const nowMs = clock.now();
    const lease = newLease(nowMs);
    const added = await addIntents<Target>(database, this.#owner, { intents: begun, lease, nowMs });
    await using hold = new IntentHold(this.#source, idsOf(added), lease);
    if (added.length > 0) await this.#carryOut(added, { ...run, hold, isRepeat: false });
    const ours = new Set(added.map(({ clientKey }) => clientKey));
    return begun.filter(({ clientKey }) => !ours.has(clientKey));
  }

  async #carryOut(intents: readonly NamedIntent<Target>[], turn: Turn<Target>): Promise<void> {
    const { database, checkpoint } = this.#source;
    const { kind } = this.#owner;
    const { effect, results, isRepeat, hold, signal } = turn;
    await checkpoint(`${kind} intended`);
    const open = intents.map(({ clientKey, target }) => ({ clientKey, target, isRepeat }));
    // A command that is under way when its client hangs up goes on: nobody shall begin it once more beside it.
    const rest = (): void => hold.restAfter(abandonedEffectSeconds * 1000);
    signal.addEventListener("abort", rest);
    const done = await effect.carryOut(open);
    signal.removeEventListener("abort", rest);
    await checkpoint(`${kind} done`);
    const finished = intents.flatMap(({ id, clientKey }) => {
      const target = done.get(clientKey);
      return target === undefined ? [] : [{ id, target }];
    });
    await finishIntents(database, finished);
    const dropped = intents.filter(({ clientKey }) => !done.has(clientKey));
    if (dropped.length > 0) await removeIntents(database, idsOf(dropped));
    await checkpoint(`${kind} kept`);
    for (const [clientKey, target] of done) results.set(clientKey, target);
  }

  /** The intents of these wishes by client key. */
  async #known(wishes: readonly Wish[]): Promise<ReadonlyMap<string, NamedIntent<Target>>> {
    if (wishes.length === 0) return new Map();
    const wanted = new Map(wishes.map((wish) => [wish.clientKey, wish.fingerprint]));
    const rows = await listIntentsOf<Target>(this.#source.database, this.#owner, [
      ...wanted.keys(),
    ]);
    const same = rows.filter((row) => wanted.get(row.clientKey)?.equals(row.fingerprint));
    return new Map(same.map((row) => [row.clientKey, row]));
  }
}

function idsOf(intents: readonly { readonly id: string }[]): string[] {
  return intents.map(({ id }) => id);
}

/** Removes some intents that are too old for any repeat. */
export async function removeExpired(
  { database, clock, log }: Omit<IntentSource, "checkpoint">,
  limit: number,
): Promise<void> {
  const before = clock.now() - intentDays * dayMs;
  for (const { accountId, unfiled } of await removeIntentsBefore(database, before, limit)) {
    if (unfiled)
      log.error({ accountId, days: intentDays }, "A sent mail could not be filed in Sent.");
  }
}
