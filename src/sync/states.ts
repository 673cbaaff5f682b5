/** The sync states of all partnerships: opens, plans, keeps. The thin edge between rows and pure steps. */
import { isDeepStrictEqual } from "node:util";
import type { Feed } from "../feed.ts";
import type { Clock } from "../kit/clock.ts";
import type { Database } from "../store/sql.ts";
import { amended } from "./amend.ts";
import { answerJson } from "./generation.ts";
import { feedVersionOf, HeadState, toJson } from "./head-state.ts";
import { formatKey, parseKey, type SyncKey } from "./keys.ts";
import { type Lease, takeLease } from "./lease.ts";
import { peeksMost } from "./limits.ts";
import { Mutexes, type Unlock } from "./mutex.ts";
import {
  currentState,
  generationOfCommit,
  generationUnder,
  lastOf,
  openUnder,
  previousState,
} from "./opening.ts";
import { plan } from "./plan.ts";
import { rangesOf } from "./ranges.ts";
import type { HeadRows, Place } from "./rows.ts";
import { storedRows } from "./stored-rows.ts";
import {
  type Acquired,
  type Answer,
  type Head,
  InvalidSyncKey,
  KeyTaken,
  type Opened,
  type Partnership,
  type Planned,
  type SyncStates,
  type Uploaded,
  type Window,
} from "./types.ts";
import { uploaded } from "./uploads.ts";

/** The sync states that are kept in this database. */
export function openSyncStates(database: Database, clock: Clock): SyncStates {
  return syncStatesOver(storedRows(database), clock);
}

/** Sync states over any rows (the model test keeps them in memory). */
export function syncStatesOver(rows: HeadRows, clock: Clock): SyncStates {
  return new States(rows, clock);
}

/** What an `Opened` holds until it is committed or released. */
interface Held {
  readonly place: Place;
  readonly lease: Lease;
  readonly unlock: Unlock;
  /** Hash of the request that the commit answers. */
  readonly hash: string;
  readonly presented: SyncKey;
}

class States implements SyncStates {
  readonly #rows: HeadRows;
  readonly #clock: Clock;
  readonly #mutexes = new Mutexes();
  readonly #held = new WeakMap<Opened, Held>();

  constructor(rows: HeadRows, clock: Clock) {
    this.#rows = rows;
    this.#clock = clock;
  }

  async open(
    partnership: Partnership,
    collectionId: string,
    key: string,
    request: { readonly hash: string; readonly signal: AbortSignal },
  ): Promise<Opened> {
    const place = placeOf(partnership, collectionId);
    const presented = presentedKey(key);
    const { hash, signal } = request;
    const unlock = await this.#mutexes.lock(nameOf(place), signal);
    try {
      const lease = await this.#lease(place, presented, signal);
      const opened = await this.#opened({ place, lease, unlock, hash, presented });
      return opened;
    } catch (error) {
      unlock();
      throw error;
    }
  }

  async peek(
    partnership: Partnership,
    collectionId: string,
    key?: string,
  ): Promise<HeadState | undefined> {
    const place = placeOf(partnership, collectionId);
    const row = await this.#rows.find(place);
    if (row?.uuid === undefined) return undefined;
    const generation = key === undefined ? "current" : generationUnder(presentedKey(key), row);
    if (generation === "current") return currentState(this.#rows, { place, row, kind: "peeked" });
    return previousState(this.#rows, { place, row }, await lastOf(this.#rows, place, row));
  }

  async plan(head: Head, feed: Feed, window: Window): Promise<Planned> {
    let state = HeadState.of(head);
    for (let tries = 1; ; tries += 1) {
      try {
        return await plan(state, feed, window);
      } catch (error) {
        // A Sync answered between the peek and the look at the known rows: look at its result instead.
        const { kind, place } = state.origin;
        if (!(error instanceof KeyTaken) || kind !== "peeked" || tries === peeksMost) throw error;
        state = (await this.peek(place, place.collectionId)) ?? state;
      }
    }
  }

  async uploaded(head: Head, changes: readonly Uploaded[]): Promise<Head> {
    return uploaded(HeadState.of(head), changes);
  }

  async acquired(
    partnership: Partnership,
    collectionId: string,
    items: readonly Acquired[],
    signal: AbortSignal,
  ): Promise<void> {
    const place = placeOf(partnership, collectionId);
    const unlock = await this.#mutexes.lock(nameOf(place), signal);
    try {
      const lease = await takeLease(this.#rows, this.#clock, { place, create: false, signal });
      if (lease !== undefined) await this.#amend({ place, lease }, items);
    } finally {
      unlock();
    }
  }

  async #amend(held: { place: Place; lease: Lease }, items: readonly Acquired[]): Promise<void> {
    try {
      await amended(this.#rows, held, items);
    } finally {
      await held.lease.release();
    }
  }

  withOptions(head: Head, options: unknown): Head {
    return HeadState.of(head).with({ options });
  }

  async estimate(head: Head, feed: Feed, window: Window): Promise<number> {
    return (await this.plan(head, feed, window)).operations.length;
  }

  async touch(head: Head, next: Head): Promise<void> {
    const { origin, fields, known } = HeadState.of(next);
    if (origin.kind === "other") return;
    if (known.edits.size > 0)
      throw new TypeError("touch cannot keep changes of items: commit them");
    const json = toJson(fields);
    if (isDeepStrictEqual(json, toJson(HeadState.of(head).fields))) return;
    await this.#rows.touch(origin.place, origin, json);
  }

  async commit(opened: Opened, next: Head, answer: Answer): Promise<string> {
    const held = this.#held.get(opened);
    if (held === undefined || opened.kind === "again") {
      throw new TypeError(
        "only a collection that was opened and not yet answered can be committed",
      );
    }
    const { row, token } = held.lease;
    const generation = await generationOfCommit(held.presented, row, {
      before: HeadState.of(opened.head),
      next: HeadState.of(next),
      answer: answerJson(answer, held.hash),
    });
    if (!(await this.#rows.commit(held.place, { counter: row.counter, token }, generation))) {
      throw new KeyTaken("the sync key was answered by somebody else meanwhile");
    }
    this.#end(opened, held);
    return formatKey(generation.uuid, generation.counter);
  }

  async release(opened: Opened): Promise<void> {
    const held = this.#held.get(opened);
    if (held === undefined) return;
    try {
      await held.lease.release();
    } finally {
      this.#end(opened, held);
    }
  }

  async known(
    head: Head,
    numbers: readonly number[],
  ): Promise<ReadonlyMap<number, ReturnType<typeof feedVersionOf>>> {
    const { known, fields } = HeadState.of(head);
    await known.stored.load(rangesOf(numbers.toSorted((one, other) => one - other)));
    const found = new Map<number, ReturnType<typeof feedVersionOf>>();
    for (const number of numbers) {
      const version = known.get(number);
      if (version !== undefined) found.set(number, feedVersionOf(fields, version));
    }
    return found;
  }

  async forget(partnership: Partnership, collectionId: string): Promise<void> {
    await this.#rows.remove(placeOf(partnership, collectionId));
  }

  async #lease(place: Place, presented: SyncKey, signal: AbortSignal): Promise<Lease> {
    const create = presented.kind === "initial";
    const lease = await takeLease(this.#rows, this.#clock, { place, create, signal });
    if (lease === undefined) throw new InvalidSyncKey("the collection was never synced");
    return lease;
  }

  async #opened(held: Held): Promise<Opened> {
    try {
      const opened = await openUnder(this.#rows, held);
      this.#held.set(opened, held);
      return opened;
    } catch (error) {
      await held.lease.release();
      throw error;
    }
  }

  #end(opened: Opened, { lease, unlock }: Held): void {
    this.#held.delete(opened);
    lease.stop();
    unlock();
  }
}

function placeOf({ accountId, deviceId }: Partnership, collectionId: string): Place {
  return { accountId, deviceId, collectionId };
}

function nameOf({ accountId, deviceId, collectionId }: Place): string {
  return `${accountId} ${deviceId} ${collectionId}`;
}

function presentedKey(text: string): SyncKey {
  const key = parseKey(text);
  if (key === undefined) throw new InvalidSyncKey("the sync key is none of this server's");
  return key;
}
