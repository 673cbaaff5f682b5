/** Aliases: items keep the number that devices know while the server gave them a new UID. Pure translation. */
import type { Changes, Feed, FeedItem, NumberRange } from "../feed.ts";
import type { AliasRow } from "../store/aliases.ts";
import type { FoundCollection } from "../store/collections.ts";
import { aliasesAtOnce } from "./limits.ts";

/** Translates between numbers on devices and UIDs on the server; the identity where there is no alias. */
export interface Aliases {
  /** UID of a number. */
  uidOf(number: number): number;
  /** Number of a UID. */
  numberOf(uid: number): number;
  /** The alias of a number. */
  of(number: number): AliasRow | undefined;
  /** The item, and the section there, that a part of a version is now; undefined when it is gone. */
  find(uid: number, section: string): { number: number; section: string } | undefined;
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
  of: () => undefined,
  find: (number, section) => ({ number, section }),
  rows: [],
};

/** The translation of these rows. */
export function aliasesOf(rows: readonly AliasRow[]): Aliases {
  if (rows.length === 0) return noAliases;
  const byNumber = new Map(rows.map((row) => [row.number, row]));
  const byUid = new Map(rows.map((row) => [row.uid, row]));
  return {
    uidOf: (number) => byNumber.get(number)?.uid ?? number,
    numberOf: (uid) => byUid.get(uid)?.number ?? uid,
    of: (number) => byNumber.get(number),
    find: (uid, section) => {
      const current = byUid.get(uid);
      if (current !== undefined) return { number: current.number, section };
      const key = partKey(uid, section);
      const later = rows.find(({ parts }) => Object.hasOwn(parts, key));
      if (later !== undefined) return { number: later.number, section: later.parts[key] ?? "" };
      return byNumber.has(uid) || wasVersion(rows, uid) ? undefined : { number: uid, section };
    },
    rows,
  };
}

/** Whether an item had this UID in between: what it has no part of any more is gone. */
function wasVersion(rows: readonly AliasRow[], uid: number): boolean {
  const whole = partKey(uid, "");
  return rows.some(({ parts }) => Object.hasOwn(parts, whole));
}

/** Names a part of one version of an item; section "" is the item itself. */
export function partKey(uid: number, section: string): string {
  return `${uid}:${section}`;
}

/** Begins a label that no category has: it tells versions of an item apart whose flags are the same. */
const editMark = "\u0001edit:";

/** The labels of an item in the version that has this UID. */
export function withEdit(uid: number, labels: readonly string[]): readonly string[] {
  return [`${editMark}${uid}`, ...withoutEdit(labels)];
}

/** The labels that are categories. */
export function withoutEdit(labels: readonly string[]): readonly string[] {
  return labels.some((label) => label.startsWith(editMark))
    ? labels.filter((label) => !label.startsWith(editMark))
    : labels;
}

/** The UID of the version that these labels tell of; undefined: the first one. */
export function editIn(labels: readonly string[]): number | undefined {
  const found = labels.find((label) => label.startsWith(editMark));
  return found === undefined ? undefined : Number(found.slice(editMark.length));
}

/**
 * A feed in which aliased items go by their first number, whatever changed since; the feed itself where
 * nothing is aliased. `next`: what has this UID or a higher one came after the position that is asked about.
 */
export function aliasedFeed(feed: Feed, aliases: Aliases, next = Infinity): Feed {
  if (aliases.rows.length === 0) return feed;
  const inside = (range: NumberRange): readonly AliasRow[] =>
    aliases.rows.filter((row) => contains(range, row.number) && row.uid < next);
  return {
    position: () => feed.position(),
    changed: async (range, known) => {
      const plain = await feed.changed(range, known);
      const rows = inside(range);
      return mergeChanges(aliases, plain, { range, rows, items: await itemsOf(feed, rows) });
    },
    newest: async (range, limit) => {
      const { items, reached } = await feed.newest(range, limit);
      const moved = await itemsOf(feed, inside({ low: reached, high: range.high }));
      const found = [...unaliased(aliases, items), ...moved];
      return { items: found.toSorted((one, other) => other.number - one.number), reached };
    },
    within: async (range, sinceDay) => {
      const plain = await feed.within(range, sinceDay);
      return await withMoved({ feed, aliases, sinceDay, plain }, inside(range));
    },
    withinKnown: async (known, sinceDay) => {
      const plain = await feed.withinKnown(known, sinceDay);
      const rows = aliases.rows.filter((row) => known.some((range) => contains(range, row.number)));
      const later = rows.filter(({ uid }) => uid >= next).map(({ number }) => only(number));
      const moved = rows.filter(({ uid }) => uid < next);
      return [...(await withMoved({ feed, aliases, sinceDay, plain }, moved)), ...later];
    },
  };
}

/** Items go under their first number; the UID of a version is no item of its own, nor is a version that went. */
function mergeChanges(
  aliases: Aliases,
  plain: Changes,
  aliased: {
    readonly range: NumberRange;
    readonly rows: readonly AliasRow[];
    readonly items: readonly FeedItem[];
  },
): Changes {
  const { range, rows, items } = aliased;
  const there = new Set(items.map(({ number }) => number));
  const gone = rows.filter(({ number }) => !there.has(number)).map(({ number }) => number);
  const versions = aliases.rows.map(({ uid }) => uid).filter((uid) => contains(range, uid));
  return {
    items: [...unaliased(aliases, plain.items), ...items],
    gone: [...aliases.rows.reduce(without, plain.gone), ...[...gone, ...versions].map(only)],
  };
}

/** The items of these aliases as they are now, by their first numbers; what is gone is left out. */
async function itemsOf(feed: Feed, rows: readonly AliasRow[]): Promise<FeedItem[]> {
  if (rows.length === 0) return [];
  const numbers = new Map(rows.map(({ uid, number }) => [uid, number]));
  const { low, high } = hullOf(rows);
  const found: FeedItem[] = [];
  for (let top = high; top >= low;) {
    const { items, reached } = await feed.newest({ low, high: top }, aliasesAtOnce);
    for (const item of items) {
      const number = numbers.get(item.number);
      const labels = withEdit(item.number, item.labels ?? []);
      if (number !== undefined) found.push({ ...item, number, labels });
    }
    top = Math.min(top, reached) - 1;
  }
  return found;
}

/** Items that go by their own UID: neither the old nor the new UID of an alias. */
function unaliased(aliases: Aliases, items: readonly FeedItem[]): FeedItem[] {
  return items.filter(
    ({ number }) => aliases.numberOf(number) === number && aliases.uidOf(number) === number,
  );
}

async function withMoved(
  asked: {
    readonly feed: Feed;
    readonly aliases: Aliases;
    readonly sinceDay: number;
    readonly plain: readonly NumberRange[];
  },
  rows: readonly AliasRow[],
): Promise<readonly NumberRange[]> {
  const { feed, aliases, sinceDay, plain } = asked;
  const inside = rows.length === 0 ? [] : await feed.within(hullOf(rows), sinceDay);
  const kept = rows.filter(({ uid }) => inside.some((range) => contains(range, uid)));
  const own = aliases.rows.reduce(without, plain);
  const left = aliases.rows.reduce((ranges, { uid }) => withoutNumber(ranges, uid), own);
  const ranges = [...left, ...kept.map(({ number }) => only(number))];
  return ranges.toSorted((one, other) => one.low - other.low);
}

function hullOf(rows: readonly AliasRow[]): NumberRange {
  const uids = rows.map(({ uid }) => uid);
  return { low: Math.min(...uids), high: Math.max(...uids) };
}

/** Ranges without the number of an alias. */
function without(ranges: readonly NumberRange[], { number }: AliasRow): readonly NumberRange[] {
  return withoutNumber(ranges, number);
}

function withoutNumber(ranges: readonly NumberRange[], number: number): readonly NumberRange[] {
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
