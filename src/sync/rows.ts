/** The rows that `sync/` stands on: heads and known blocks, without a word about SQL. */
import type { NumberRange } from "../feed.ts";
import type { StoredAnswer, StoredFields, StoredUndo } from "./stored.ts";
import type { Partnership } from "./types.ts";
import type { BlockWrite } from "./known.ts";

/** Whose state of which collection. */
export interface Place extends Partnership {
  readonly collectionId: string;
}

/** A head as it is stored, without undo and answer. */
export interface HeadRow {
  /** Undefined before the first answer to key 0. */
  readonly uuid: string | undefined;
  readonly counter: number;
  readonly previous: number | undefined;
  /** Counts the changes under one key. */
  readonly revision: number;
  /** Null before the first answer to key 0. */
  readonly head: StoredFields | null;
}

/** What leads back to the previous key, and what the last answer said. */
export interface LastAnswer {
  /** Null when the last answer was one to key 0. */
  readonly undo: StoredUndo | null;
  readonly answer: StoredAnswer | null;
}

/** Who holds a head, and until when. */
export interface LeaseClaim {
  readonly token: string;
  /** Milliseconds since 1970-01-01 UTC. */
  readonly now: number;
  readonly until: number;
}

/** A new generation. */
export interface Generation extends LastAnswer {
  readonly uuid: string;
  readonly counter: number;
  readonly previous: number | undefined;
  readonly head: StoredFields;
  /** Known rows to write; `replace`: all others go (key 0). */
  readonly blocks: readonly BlockWrite[];
  readonly replace: boolean;
}

/** A generation changed under its key. */
export interface Amendment extends Pick<Generation, "head" | "undo" | "blocks"> {}

/** Heads and known rows of all partnerships. Each method is one statement or one transaction. */
export interface HeadRows {
  /** The head, without opening it. */
  find(place: Place): Promise<HeadRow | undefined>;
  /** Takes the lease; undefined when there is no row or another's lease is alive. */
  take(place: Place, claim: LeaseClaim): Promise<HeadRow | undefined>;
  /** Makes a head without a key; nothing when there is one already. */
  create(place: Place): Promise<void>;
  /** Puts the end of the lease off. */
  renew(place: Place, claim: LeaseClaim): Promise<void>;
  /** Ends the lease. */
  release(place: Place, token: string): Promise<void>;
  /** Undo and answer of this counter; undefined when the head has moved on. */
  lastAnswer(place: Place, counter: number): Promise<LastAnswer | undefined>;
  /** Known rows of these runs of blocks; undefined when the head is not at this counter any more. */
  blocks(
    place: Place,
    counter: number,
    runs: readonly NumberRange[],
  ): Promise<ReadonlyMap<number, Buffer> | undefined>;
  /** Another state under the same key, when counter and revision are still these. */
  touch(place: Place, at: Pick<HeadRow, "counter" | "revision">, head: StoredFields): Promise<void>;
  /** The same generation with other contents, when counter and lease are still these; the lease goes on. */
  amend(
    place: Place,
    at: { readonly counter: number; readonly token: string },
    next: Amendment,
  ): Promise<void>;
  /** The next generation, when counter and lease are still these; ends the lease. */
  commit(
    place: Place,
    at: { readonly counter: number; readonly token: string },
    next: Generation,
  ): Promise<boolean>;
  /** Forgets the collection. */
  remove(place: Place): Promise<void>;
}
