/** The start of a plan: what the position and the filter say before anything is asked in detail. */
import type { NumberRange, Position } from "../feed.ts";
import type { Fields } from "./head-state.ts";
import { topNumber, unexploredRangesMost } from "./limits.ts";
import { coarsened } from "./ranges.ts";
import { firstBehind, painted, type Segment, type Standing, wentBack, whole } from "./segments.ts";
import { InvalidSyncKey, type Window } from "./types.ts";

/** How a plan starts. "on": segments as they are; others make numbers unexplored. */
export type Start = "on" | "fresh" | "back" | "wider";

/** How the plan of this state starts. Throws `InvalidSyncKey` on another epoch. */
export function startOf(fields: Fields, position: Position, window: Window): Start {
  if (fields.epoch === "") return "fresh";
  if (fields.epoch !== position.epoch) {
    throw new InvalidSyncKey(
      `the folder is in epoch ${position.epoch}, the key in ${fields.epoch}`,
    );
  }
  if (wentBack(fields.segments, position)) return "back";
  return window.sinceDay < fields.coverDay ? "wider" : "on";
}

/** Whether the device is right already: one round trip was enough. */
export function isCurrent(fields: Fields, position: Position, window: Window): boolean {
  return (
    startOf(fields, position, window) === "on" &&
    fields.coverDay === window.sinceDay &&
    firstBehind(fields.segments, standingOf(position)) === undefined &&
    !isAgeingDue(fields, window)
  );
}

/** Whether items must be looked for that have left the FilterType window. */
export function isAgeingDue(fields: Pick<Fields, "agedDay">, window: Window): boolean {
  return window.ageing !== false && fields.agedDay < window.sinceDay;
}

/** The days of the state under this window. Coverage is lost at once, ageing takes its time. */
export function daysFor(
  fields: Fields,
  start: Start,
  window: Window,
): Pick<Fields, "coverDay" | "agedDay"> {
  const { sinceDay } = window;
  if (start === "fresh") return { coverDay: sinceDay, agedDay: sinceDay };
  if (sinceDay < fields.coverDay) {
    return { coverDay: sinceDay, agedDay: Math.min(fields.agedDay, sinceDay) };
  }
  return { coverDay: sinceDay, agedDay: fields.agedDay };
}

/** Segments with everything to be explored. */
export function allUnexplored(): readonly Segment[] {
  return whole(undefined);
}

/**
 * Segments with only these numbers to be explored. On a wider filter the others stay as they are; else the
 * device has nothing there, which is right as of now.
 */
export function unexploredOnly(
  fields: Fields,
  start: Start,
  at: { readonly now: Standing; readonly ranges: readonly NumberRange[] },
): readonly Segment[] {
  const base = start === "wider" ? fields.segments : whole(at.now);
  const ranges = coarsened(at.ranges, unexploredRangesMost);
  return ranges.reduce<readonly Segment[]>(
    (segments, range) => painted(segments, range, undefined),
    base,
  );
}

/** All numbers that an item may have now; undefined in a collection that never had one. */
export function numbersOf(position: Position): NumberRange | undefined {
  return position.next > 1 ? { low: 1, high: Math.min(position.next - 1, topNumber) } : undefined;
}

/** A position without its epoch. */
export function standingOf({ mark, next, count }: Position): Standing {
  return { mark, next, count };
}
