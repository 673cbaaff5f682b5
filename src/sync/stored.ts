/** JSON of the head row's columns. Short names, as the row should stay at about 200 bytes. */
import type { LabelTable } from "./labels.ts";
import type { UploadResult } from "./types.ts";

/** A segment: low, high, and unless it is unexplored mark, next, count, and 1 when it is large. */
export type StoredSegment = readonly [
  low: number,
  high: number,
  ...standing: readonly (string | number)[],
];

/** Column `head`. */
export interface StoredFields {
  /** Epoch. */
  readonly e: string;
  readonly s: readonly StoredSegment[];
  /** First day covered. */
  readonly c: number;
  /** First day after ageing. */
  readonly a: number;
  /** 1: covered with conversations. */
  readonly w?: 1;
  readonly l?: LabelTable;
  /** 1: versions come with labels. */
  readonly m?: 1;
  /** Sticky options. */
  readonly o?: unknown;
}

/** Column `undo`; null after key 0. */
export interface StoredUndo {
  readonly head: StoredFields;
  readonly versions: readonly (readonly [number: number, version: number | null])[];
}

/** Column `answer`. */
export interface StoredAnswer {
  /** Hash of the request that it answers. */
  readonly hash: string;
  readonly more: boolean;
  /** Kind by its first letter, the number, and of a change after a slash what differs: "a17 d3 c5/1". */
  readonly operations: string;
  readonly uploads: readonly UploadResult[];
}
