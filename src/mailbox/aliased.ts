/** Aliases: items keep the number that devices know while the server gave them a new UID. Pure translation. */
import type { Changes, Feed, FeedItem, NumberRange } from "../feed.ts";
import type { AliasRow } from "../store/aliases.ts";
import type { FoundCollection } from "../store/collections.ts";

/** Translates between numbers on devices and UIDs on the server; the identity where there is no alias. */
export interface Aliases {
  /** UID of a number. */
  uidOf(number: number): number;
  /** Number of a UID. */
  numberOf(uid: number): number;
  readonly rows: readonly AliasRow[];
}

/** A folder on the server, and how its items are named. */
export interface Place {
  readonly path: string;
  readonly row: FoundCollection;
  readonly aliases: Aliases;
}

/** The aliases of a collection without any. */
export const noAliases: Aliases = {
  uidOf: (number) => number,
  numberOf: (uid) => uid,
  rows: [],
};

/** The translation of these rows. */
export function aliasesOf(rows: readonly AliasRow[]): Aliases {
  if (rows.length === 0) return noAliases;
  const uids = new Map(rows.map((row) => [row.number, row.uid]));
  const numbers = new Map(rows.map((row) => [row.uid, row.number]));
  return {
    uidOf: (number) => uids.get(number) ?? number,
    numberOf: (uid) => numbers.get(uid) ?? uid,
    rows,
  };
}

/** A feed in which aliased items go by their first number; the feed itself where nothing is aliased. */
export function aliasedFeed(feed: Feed, aliases: Aliases): Feed {
  if (aliases.rows.length === 0) return feed;
  const inside = (range: NumberRange): readonly AliasRow[] =>
    aliases.rows.filter((row) => contains(range, row.number));
  return {
    position: () => feed.position(),
    changed: async (range, known) => {
      const rows = inside(range);
      const moved = await Promise.all(rows.map((row) => feed.changed(only(row.uid), known)));
      return mergeChanges(aliases, await feed.changed(range, known), { rows, moved });
    },
    newest: async (range, limit) => {
      const { items, reached } = await feed.newest(range, limit);
      const looked = { low: reached, high: range.high };
      const rows = inside(looked);
      const moved = await Promise.all(rows.map((row) => feed.newest(only(row.uid), 1)));
      const found = [
        ...unaliased(aliases, items),
        ...moved.flatMap((one, at) => renumber(one.items, rows[at])),
      ];
      return { items: found.toSorted((one, other) => other.number - one.number), reached };
    },
    within: async (range, sinceDay) => {
      const plain = await feed.within(range, sinceDay);
      return await withMoved({ feed, sinceDay, plain }, inside(range));
    },
    withinKnown: async (known, sinceDay) => {
      const plain = await feed.withinKnown(known, sinceDay);
      const rows = aliases.rows.filter((row) => known.some((range) => contains(range, row.number)));
      return await withMoved({ feed, sinceDay, plain }, rows);
    },
  };
}

function mergeChanges(
  aliases: Aliases,
  plain: Changes,
  aliased: { readonly rows: readonly AliasRow[]; readonly moved: readonly Changes[] },
): Changes {
  const { rows, moved } = aliased;
  const gone = rows.filter((row, at) => moved[at]?.gone.some((range) => contains(range, row.uid)));
  return {
    items: [
      ...unaliased(aliases, plain.items),
      ...moved.flatMap((changes, at) => renumber(changes.items, rows[at])),
    ],
    gone: [...rows.reduce(without, plain.gone), ...gone.map((row) => only(row.number))],
  };
}

/** Items that go by their own UID: neither the old nor the new UID of an alias. */
function unaliased(aliases: Aliases, items: readonly FeedItem[]): FeedItem[] {
  return items.filter(
    ({ number }) => aliases.numberOf(number) === number && aliases.uidOf(number) === number,
  );
}

function renumber(items: readonly FeedItem[], row: AliasRow | undefined): FeedItem[] {
  return row === undefined ? [] : items.map((item) => ({ ...item, number: row.number }));
}

async function withMoved(
  asked: { readonly feed: Feed; readonly sinceDay: number; readonly plain: readonly NumberRange[] },
  rows: readonly AliasRow[],
): Promise<readonly NumberRange[]> {
  const inside = await Promise.all(
    rows.map(async (row) => (await asked.feed.within(only(row.uid), asked.sinceDay)).length > 0),
  );
  const kept = rows.filter((_, at) => inside[at]).map((row) => only(row.number));
  const ranges = [...rows.reduce(without, asked.plain), ...kept];
  return ranges.toSorted((one, other) => one.low - other.low);
}

/** Ranges without the number of an alias. */
function without(ranges: readonly NumberRange[], { number }: AliasRow): readonly NumberRange[] {
  return ranges.flatMap((range) => {
    if (!contains(range, number)) return [range];
    const parts = [
      { low: range.low, high: number - 1 },
      { low: number + 1, high: range.high },
    ];
    return parts.filter((part) => part.low <= part.high);
  });
}

function contains(range: NumberRange, number: number): boolean {
  return range.low <= number && number <= range.high;
}

function only(number: number): NumberRange {
  return { low: number, high: number };
}
