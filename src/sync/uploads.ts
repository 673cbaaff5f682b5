/** The device's own changes: what it has after them, as far as it said so itself. */
import { feedVersionOf, type HeadState } from "./head-state.ts";
import { intern, withPlainVersion } from "./labels.ts";
import { withRoomForLabels } from "./plan.ts";
import { rangesOf } from "./ranges.ts";
import type { Uploaded } from "./types.ts";

/**
 * The state after the device's uploads. Only the property that the device changed is applied: another
 * client's change of the same item is still to be told. A change of an item that the device does not have
 * is nothing to remember.
 */
export async function uploaded(
  before: HeadState,
  changes: readonly Uploaded[],
): Promise<HeadState> {
  const numbers = changes.map(({ number }) => number).toSorted((a, b) => a - b);
  await before.known.stored.load(rangesOf(numbers));
  let state = await withRoomForLabels(before);
  for (const change of changes) state = applied(state, change);
  return state;
}

function applied(state: HeadState, change: Uploaded): HeadState {
  const { number, effect } = change;
  const known = state.known.get(number);
  if (effect === "remove") return edited(state, number, undefined);
  if (effect === "patch" && known === undefined) return state;
  return patched(state, change, known ?? 0);
}

function patched(state: HeadState, change: Uploaded, known: number): HeadState {
  const { fields } = state;
  const { version: before, labels } = feedVersionOf(fields, known);
  const after = (change.version?.(before) ?? before) >>> 0;
  if (change.labels === undefined) {
    return edited(state, change.number, fields.labelled ? withPlainVersion(known, after) : after);
  }
  const { table, version } = intern(fields.labels, after, change.labels(labels));
  return edited(state.with({ labels: table, labelled: true }), change.number, version);
}

function edited(state: HeadState, number: number, version: number | undefined): HeadState {
  return state.with({}, new Map(state.known.edits).set(number, version));
}
