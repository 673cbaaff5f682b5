/**
 * Segments: "for these numbers the device is right up to this standing". Always a descending list that
 * covers every number from 1 to `topNumber` once; neighbours that stand equal are one.
 */
import type { NumberRange, Position } from "../feed.ts";
import { segmentsMost, topNumber } from "./limits.ts";

/** A position within one epoch. */
export type Standing = Omit<Position, "epoch">;

/** Numbers for which the device is right up to one standing; `at` undefined: unexplored. */
export interface Segment extends NumberRange {
  readonly at: Standing | undefined;
  /** A `changed` of this segment was large: ask for slices of it. */
  readonly large: boolean;
}

const everyNumber: NumberRange = { low: 1, high: topNumber };

/** All numbers standing at one place, or unexplored. */
export function whole(at: Standing | undefined): Segment[] {
  return [{ ...everyNumber, at, large: false }];
}

/** The list with all numbers of `range` standing at `at`. */
export function painted(
  segments: readonly Segment[],
  range: NumberRange,
  at: Standing | undefined,
): Segment[] {
  const pieces = segments.flatMap((segment) => split(segment, range));
  const within = (piece: Segment): boolean => piece.high <= range.high && piece.low >= range.low;
  return merged(pieces.map((piece) => (within(piece) ? { ...piece, at, large: false } : piece)));
}

/** The list with the segment that holds `number` known to be large. */
export function withLarge(segments: readonly Segment[], number: number): Segment[] {
  return segments.map((segment) =>
    segment.low <= number && number <= segment.high ? { ...segment, large: true } : segment,
  );
}

/** The topmost segment that does not stand at `standing`. */
export function firstBehind(segments: readonly Segment[], standing: Standing): Segment | undefined {
  return segments.find(({ at }) => !sameStanding(at, standing));
}

/** Whether both are the same; two unexplored ones are. */
export function sameStanding(a: Standing | undefined, b: Standing | undefined): boolean {
  return a?.mark === b?.mark && a?.next === b?.next && a?.count === b?.count;
}

/** Whether the collection went back behind any segment: a restored backup, a server without memory. */
export function wentBack(segments: readonly Segment[], now: Standing): boolean {
  return segments.some(({ at }) => at !== undefined && isOlder(now, at));
}

/** The list with at most `segmentsMost` segments: the lowest two become one that stands at the older place. */
export function bounded(segments: readonly Segment[]): readonly Segment[] {
  let list = [...segments];
  while (list.length > segmentsMost) {
    list = merged([...list.slice(0, -2), ...joined(list.slice(-2))]);
  }
  return list;
}

function joined([upper, lower]: readonly Segment[]): Segment[] {
  if (upper === undefined || lower === undefined) return [];
  const at = olderOf(upper.at, lower.at);
  return [{ low: lower.low, high: upper.high, at, large: upper.large || lower.large }];
}

function olderOf(a: Standing | undefined, b: Standing | undefined): Standing | undefined {
  if (a === undefined || b === undefined) return undefined;
  return a.mark < b.mark || (a.mark === b.mark && a.next < b.next) ? a : b;
}

function isOlder(now: Standing, then: Standing): boolean {
  return now.mark < then.mark || now.next < then.next;
}

/** Cuts a segment at the ends of a range: one to three pieces, descending. */
function split(segment: Segment, range: NumberRange): Segment[] {
  const above = { ...segment, low: Math.max(segment.low, range.high + 1) };
  const middle = {
    ...segment,
    low: Math.max(segment.low, range.low),
    high: Math.min(segment.high, range.high),
  };
  const below = { ...segment, high: Math.min(segment.high, range.low - 1) };
  return [above, middle, below].filter(({ low, high }) => low <= high);
}

function merged(pieces: readonly Segment[]): Segment[] {
  const list: Segment[] = [];
  for (const piece of pieces) {
    const last = list.at(-1);
    if (last === undefined || !sameStanding(last.at, piece.at)) list.push(piece);
    else list[list.length - 1] = { ...last, low: piece.low, large: last.large || piece.large };
  }
  return list;
}
