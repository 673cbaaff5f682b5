/** What a device got outside of a Sync: added to the state of its key. */
import { undoWithout } from "./generation.ts";
import { toJson } from "./head-state.ts";
import { currentState } from "./opening.ts";
import { rangesOf } from "./ranges.ts";
import type { HeadRow, HeadRows, Place } from "./rows.ts";
import type { Acquired } from "./types.ts";
import { uploaded } from "./uploads.ts";

/** Keeps that the device has these items, under the key that it has. The lease must be held. */
export async function amended(
  rows: HeadRows,
  held: {
    readonly place: Place;
    readonly lease: { readonly row: HeadRow; readonly token: string };
  },
  items: readonly Acquired[],
): Promise<void> {
  const { place, lease } = held;
  const { row, token } = lease;
  if (row.uuid === undefined) return;
  const { counter } = row;
  const before = currentState(rows, { place, row, kind: "current" });
  const numbers = items.map(({ number }) => number).toSorted((a, b) => a - b);
  await before.known.stored.load(rangesOf(numbers));
  const fresh = items.filter(({ number }) => before.known.get(number) === undefined);
  if (fresh.length === 0) return;
  const next = await uploaded(
    before,
    fresh.map(({ number, version, labels }) => {
      return { number, effect: "add" as const, version: () => version, labels: () => labels };
    }),
  );
  const labelled = fresh.filter(({ labels }) => labels.length > 0);
  const { undo } = (await rows.lastAnswer(place, counter)) ?? { undo: null };
  await rows.amend(
    place,
    { counter, token },
    {
      head: toJson(next.fields),
      blocks: before.known.stored.written(next.known.edits),
      undo:
        undo &&
        undoWithout(
          undo,
          labelled.map(({ number }) => number),
        ),
    },
  );
}
