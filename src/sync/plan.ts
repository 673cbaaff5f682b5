/** Plan: what the device must be told, by asking the feed as little as possible. */
import { EpochPassed, type Feed, type NumberRange, type Position } from "../feed.ts";
import { Draft, type Step } from "./draft.ts";
import type { HeadState } from "./head-state.ts";
import { isFull, swept } from "./labels.ts";
import { topNumber } from "./limits.ts";
import {
  allUnexplored,
  daysFor,
  isCurrent,
  numbersOf,
  standingOf,
  type Start,
  startOf,
  unexploredOnly,
} from "./plan-start.ts";
import { clipped, rangesOf } from "./ranges.ts";
import type { Segment } from "./segments.ts";
import { InvalidSyncKey, type Planned, type Window } from "./types.ts";

const everything: readonly NumberRange[] = [{ low: 1, high: topNumber }];

/**
 * What the device must be told within the window, top segment first. The mark is read before anything else:
 * what changes meanwhile is asked for once more. Throws `InvalidSyncKey` on another epoch.
 */
export async function plan(state: HeadState, feed: Feed, window: Window): Promise<Planned> {
  try {
    return await planned(state, feed, window);
  } catch (error) {
    if (error instanceof EpochPassed) throw new InvalidSyncKey(error.message);
    throw error;
  }
}

async function planned(state: HeadState, feed: Feed, window: Window): Promise<Planned> {
  const position = await feed.position();
  if (isCurrent(state.fields, position, window)) {
    return { operations: [], next: state, more: false };
  }
  const ready = await withRoomForLabels(await started(state, feed, { position, window }));
  const draft = new Draft(ready, window, position);
  for (let step = draft.next(); step !== undefined; step = draft.next()) {
    await take(step, draft, { feed, position, window });
  }
  return draft.planned();
}

/** A state whose label table can take further sets: those that nothing uses any more are swept out. */
export async function withRoomForLabels(state: HeadState): Promise<HeadState> {
  if (!isFull(state.fields.labels)) return state;
  await state.known.stored.load(everything);
  return state.with({ labels: swept(state.fields.labels, state.known.versions()) });
}

interface Scene {
  readonly feed: Feed;
  readonly position: Position;
  readonly window: Window;
}

/** The state with the segments and days that the plan starts from. */
async function started(
  state: HeadState,
  feed: Feed,
  { position, window }: Omit<Scene, "feed">,
): Promise<HeadState> {
  const start = startOf(state.fields, position, window);
  const days = daysFor(state.fields, start, window);
  const scene = { feed, position, window };
  const segments = start === "on" ? state.fields.segments : await explored(state, start, scene);
  return state.with({ ...days, epoch: position.epoch, segments });
}

/**
 * With a filter, one question tells what need not be explored. What the device has is compared in any case:
 * before the first plan that is what it added itself.
 */
async function explored(
  state: HeadState,
  start: Start,
  { feed, position, window }: Scene,
): Promise<readonly Segment[]> {
  const numbers = numbersOf(position);
  if (window.sinceDay === 0 && numbers !== undefined) return allUnexplored();
  const inside = numbers === undefined ? [] : await feed.within(numbers, window.sinceDay);
  const kept = start === "wider" ? [] : await knownRanges(state);
  const now = standingOf(position);
  return unexploredOnly(state.fields, start, { now, ranges: [...inside, ...kept] });
}

async function knownRanges(state: HeadState): Promise<readonly NumberRange[]> {
  await state.known.stored.load(everything);
  return rangesOf(state.known.numbersIn(everything));
}

/** Asks what the step asks, reads the rows that the answer needs, and tells the draft. */
async function take(step: Step, draft: Draft, { feed, position, window }: Scene): Promise<void> {
  switch (step.kind) {
    case "skip":
      draft.skip(step);
      return;
    case "beyond":
      await draft.known.stored.load([step.settles]);
      draft.tellBeyond(step);
      return;
    case "changed":
      await askChanged(step, draft, { feed, position });
      return;
    case "explore":
      await explore(step, draft, feed);
      return;
    case "age":
      await age(draft, feed, window.sinceDay);
  }
}

async function askChanged(
  step: Step & { kind: "changed" },
  draft: Draft,
  { feed, position }: Pick<Scene, "feed" | "position">,
): Promise<void> {
  const changes = await feed.changed(step.range, { epoch: position.epoch, ...step.since });
  const numbers = changes.items.map(({ number }) => number).toSorted((a, b) => a - b);
  const newer = { low: step.since.next, high: step.range.high };
  const touched = [...rangesOf(numbers), ...changes.gone, newer];
  await draft.known.stored.load(clipped(touched, step.range));
  draft.tellChanged(step, changes);
}

async function explore(step: Step & { kind: "explore" }, draft: Draft, feed: Feed): Promise<void> {
  const found = await feed.newest(step.range, step.limit);
  const low = Math.max(step.range.low, Math.min(found.reached, step.range.high));
  await draft.known.stored.load([{ low, high: step.range.high }]);
  draft.tellExplored(step, found);
}

async function age(draft: Draft, feed: Feed, sinceDay: number): Promise<void> {
  await draft.known.stored.load(everything);
  const known = draft.known.numbersIn(everything);
  const inside = known.length === 0 ? [] : await feed.withinKnown(rangesOf(known), sinceDay);
  draft.tellInside(inside, known);
}
