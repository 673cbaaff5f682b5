/** Undo and answer: how the last answer is kept, repeated and taken back. Pure. */
import { fromJson, type Fields, type HeadState, toJson } from "./head-state.ts";
import type { Edits } from "./known.ts";
import type { StoredAnswer, StoredUndo } from "./stored.ts";
import type { Answer, Operation } from "./types.ts";

/** The state of the previous key: its fields, and the versions in which it differs from the stored rows. */
export interface Previous {
  readonly fields: Fields;
  readonly edits: Edits;
}

/** The last answer with the request that it answered. */
export interface Told extends Answer {
  readonly hash: string;
}

const letterOf = { add: "a", change: "c", delete: "d", softDelete: "s" } as const;
const kindOf: Readonly<Record<string, Operation["kind"]>> = {
  a: "add",
  c: "change",
  d: "delete",
  s: "softDelete",
};

/** JSON that leads from `next` back to `before`. Rows of both states' edits must be loaded. */
export function undoOf(before: HeadState, next: HeadState): StoredUndo {
  const versions: [number, number | null][] = [];
  for (const number of new Set([...before.known.edits.keys(), ...next.known.edits.keys()])) {
    const version = before.known.get(number);
    if (version !== next.known.get(number)) versions.push([number, version ?? null]);
  }
  return { head: toJson(before.fields), versions };
}

/** The state that an undo leads back to. */
export function previousOf({ head, versions }: StoredUndo): Previous {
  const edits = versions.map(([number, version]) => [number, version ?? undefined] as const);
  return { fields: fromJson(head), edits: new Map(edits) };
}

/**
 * An undo after the device got items under the same key. Those with labels are taken back with the answer: the
 * labels of the state before may have no place for theirs.
 */
export function undoWithout(undo: StoredUndo, numbers: readonly number[]): StoredUndo {
  const known = new Set(undo.versions.map(([number]) => number));
  const added = numbers.filter((number) => !known.has(number));
  return { ...undo, versions: [...undo.versions, ...added.map((each) => [each, null] as const)] };
}

/** JSON of an answer and the request that it answers. */
export function answerJson(answer: Answer, hash: string): StoredAnswer {
  return {
    hash,
    more: answer.more,
    operations: answer.operations.map(textOf).join(" "),
    uploads: answer.uploads,
  };
}

/** The answer of a row. */
export function toldOf({ hash, more, operations, uploads }: StoredAnswer): Told {
  return { hash, more, uploads, operations: operations.split(" ").flatMap(operationOf) };
}

function textOf({ kind, number, differs }: Operation): string {
  return `${letterOf[kind]}${number}${differs === undefined ? "" : `/${differs}`}`;
}

function operationOf(text: string): Operation[] {
  const kind = kindOf[text.charAt(0)];
  const [number, differs] = text.slice(1).split("/").map(Number);
  if (kind === undefined || number === undefined) return [];
  return [differs === undefined ? { kind, number } : { kind, number, differs }];
}
