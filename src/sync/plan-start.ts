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
  return isCovered(fields, window) ? "on" : "wider";
}

/** Whether the device has all that is inside the window, as of the segments. Of all days: with all conversations. */
function isCovered({ coverDay, withConversations }: Fields, window: Window): boolean {
  if (window.sinceDay < coverDay) return false;
  return withConversations || coverDay === 0 || window.withConversations !== true;
}

/** Whether the device is right already: one round trip was enough. */
export function isCurrent(fields: Fields, position: Position, window: Window): boolean {
  return (
    startOf(fields, position, window) === "on" &&
    fields.coverDay === window.sinceDay &&
    fields.withConversations === (window.withConversations ?? false) &&
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
): Pick<Fields, "coverDay" | "withConversations" | "agedDay"> {
  const { sinceDay, withConversations = false } = window;
  const covered = { coverDay: sinceDay, withConversations };
  if (start === "fresh") return { ...covered, agedDay: sinceDay };
  // What was inside only for its conversation may be of any day.
  if (fields.withConversations && !withConversations) return { ...covered, agedDay: 0 };
  return { ...covered, agedDay: Math.min(fields.agedDay, sinceDay) };
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
