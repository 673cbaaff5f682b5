/** From a stored head to the state that a sync key names, and from a state to the next generation. */
import { randomUUID } from "node:crypto";
import { previousOf, toldOf, undoOf } from "./generation.ts";
import { fromJson, HeadState, type Origin, toJson } from "./head-state.ts";
import { formatKey, generationOf, type SyncKey } from "./keys.ts";
import { Known, type ReadBlocks, StoredKnown } from "./known.ts";
import { rangesOf } from "./ranges.ts";
import type { Generation, HeadRow, HeadRows, Place } from "./rows.ts";
import type { StoredAnswer, StoredUndo } from "./stored.ts";
import { InvalidSyncKey, KeyTaken, type Opened } from "./types.ts";

/** A head row and where it came from. */
interface Found {
  readonly place: Place;
  readonly row: HeadRow;
}

/** Opens a leased head under the device's key. Throws `InvalidSyncKey`. */
export async function openUnder(
  rows: HeadRows,
  held: {
    readonly place: Place;
    readonly lease: { readonly row: HeadRow };
    readonly presented: SyncKey;
    readonly hash: string;
  },
): Promise<Opened> {
  const { place, presented, hash } = held;
  const found = { place, row: held.lease.row };
  if (presented.kind === "initial") {
    return { kind: "initial", head: HeadState.empty(originOf(found, "other")), applied: [] };
  }
  if (generationUnder(presented, found.row) === "current") {
    return { kind: "next", head: currentState(rows, { ...found, kind: "current" }), applied: [] };
  }
  const last = await lastOf(rows, place, found.row);
  return toldOf(last.answer).hash === hash ? again(rows, found, last) : retry(rows, found, last);
}

/** Which generation a key names. Throws `InvalidSyncKey` when it is neither. */
export function generationUnder(presented: SyncKey, row: HeadRow): "current" | "previous" {
  const { uuid, counter, previous } = row;
  const generation =
    uuid === undefined ? undefined : generationOf(presented, { uuid, counter, previous });
  if (generation === undefined) {
    throw new InvalidSyncKey("the sync key is neither the current nor the previous one");
  }
  return generation;
}

/** The state of the current key. */
export function currentState(
  rows: HeadRows,
  found: Found & { readonly kind: "current" | "peeked" },
): HeadState {
  const origin = originOf(found, found.kind);
  if (found.row.head === null) return HeadState.empty(origin);
  const stored = new StoredKnown(blocksOf(rows, found));
  return new HeadState(origin, fromJson(found.row.head), new Known(stored));
}

/** The state of the previous key: the last answer taken back. */
export function previousState(rows: HeadRows, found: Found, last: Last): HeadState {
  const { fields, edits } = previousOf(last.undo);
  const stored = new StoredKnown(blocksOf(rows, found));
  return new HeadState(originOf(found, "other"), fields, new Known(stored, edits));
}

/** What the previous key needs. */
interface Last {
  readonly undo: StoredUndo;
  readonly answer: StoredAnswer;
}

/** Undo and answer of a head. Throws `KeyTaken` when it has moved on. */
export async function lastOf(rows: HeadRows, place: Place, row: HeadRow): Promise<Last> {
  const { undo, answer } = (await rows.lastAnswer(place, row.counter)) ?? {};
  if (!undo || !answer) throw movedOn();
  return { undo, answer };
}

/** What a commit stores: the next state, the way back to the one before, and the answer. */
export async function generationOfCommit(
  presented: SyncKey,
  row: HeadRow,
  made: { readonly before: HeadState; readonly next: HeadState; readonly answer: StoredAnswer },
): Promise<Generation> {
  const { before, next, answer } = made;
  const { stored, edits } = next.known;
  const numbers = new Set([...edits.keys(), ...before.known.edits.keys()]);
  await stored.load(rangesOf([...numbers].toSorted((a, b) => a - b)));
  const kept = { answer, head: toJson(next.fields), blocks: stored.written(edits) };
  if (presented.kind === "initial" || row.uuid === undefined) {
    const first = { uuid: randomUUID(), counter: 1, previous: undefined };
    return { ...kept, ...first, undo: null, replace: true };
  }
  const key = { uuid: row.uuid, counter: row.counter + 1, previous: presented.counter };
  return { ...kept, ...key, undo: undoOf(before, next), replace: false };
}

function again(rows: HeadRows, found: Found, last: Last): Opened {
  const { operations, uploads, more } = toldOf(last.answer);
  const key = formatKey(found.row.uuid ?? "", found.row.counter);
  const head = currentState(rows, { ...found, kind: "current" });
  return { kind: "again", head, applied: [], answer: { operations, uploads, more, key } };
}

function retry(rows: HeadRows, found: Found, last: Last): Opened {
  const head = previousState(rows, found, last);
  return { kind: "retry", head, applied: toldOf(last.answer).uploads };
}

function originOf({ place, row }: Found, kind: Origin["kind"]): Origin {
  return { place, counter: row.counter, revision: row.revision, kind };
}

function blocksOf(rows: HeadRows, { place, row }: Found): ReadBlocks {
  return async (runs) => {
    const blocks = await rows.blocks(place, row.counter, runs);
    if (blocks === undefined) throw movedOn();
    return blocks;
  };
}

function movedOn(): KeyTaken {
  return new KeyTaken("the sync key was answered by somebody else meanwhile");
}
