/** Undo and answer: how the last answer is kept, repeated and taken back. Pure. */
import { fromJson, type Fields, type HeadState, toJson } from "./head-state.ts";
import type { Edits } from "./known.ts";
import type { LastAnswer } from "./rows.ts";
import type { Answer, Operation, UploadResult } from "./types.ts";

/** The state of the previous key: its fields, and the versions in which it differs from the stored rows. */
export interface Previous {
  readonly fields: Fields;
  readonly edits: Edits;
}

/** The last answer with the request that it answered. */
export interface Told extends Answer {
  readonly hash: string;
}

interface StoredUndo {
  readonly head: unknown;
  readonly versions: readonly (readonly [number: number, version: number | null])[];
}

interface StoredAnswer {
  readonly hash: string;
  readonly more: boolean;
  /** Kind by its first letter, then the number: "a17". */
  readonly operations: string;
  readonly uploads: readonly UploadResult[];
}

const letterOf = { add: "a", change: "c", delete: "d", softDelete: "s" } as const;
const kindOf: Readonly<Record<string, Operation["kind"]>> = {
  a: "add",
  c: "change",
  d: "delete",
  s: "softDelete",
};

/** JSON that leads from `next` back to `before`. Rows of both states' edits must be loaded. */
export function undoOf(before: HeadState, next: HeadState): unknown {
  const versions: [number, number | null][] = [];
  for (const number of new Set([...before.known.edits.keys(), ...next.known.edits.keys()])) {
    const version = before.known.get(number);
    if (version !== next.known.get(number)) versions.push([number, version ?? null]);
  }
  const undo: StoredUndo = { head: toJson(before.fields), versions };
  return undo;
}

/** The state that an undo leads back to. */
export function previousOf(undo: unknown): Previous {
  const { head, versions } = undo as StoredUndo;
  const edits = versions.map(([number, version]) => [number, version ?? undefined] as const);
  return { fields: fromJson(head), edits: new Map(edits) };
}

/** JSON of an answer and the request that it answers. */
export function answerJson(answer: Answer, hash: string): unknown {
  const stored: StoredAnswer = {
    hash,
    more: answer.more,
    operations: answer.operations.map(({ kind, number }) => letterOf[kind] + number).join(" "),
    uploads: answer.uploads,
  };
  return stored;
}

/** The answer of a row. */
export function toldOf(last: LastAnswer): Told {
  const { hash, more, operations, uploads } = last.answer as StoredAnswer;
  return { hash, more, uploads, operations: operations.split(" ").flatMap(operationOf) };
}

function operationOf(text: string): Operation[] {
  const kind = kindOf[text.charAt(0)];
  return kind === undefined ? [] : [{ kind, number: Number(text.slice(1)) }];
}
