/** Aliases: items keep the number that devices know while the server gave them a new UID. Pure translation. */
import type { Changes, Feed, FeedItem, NumberRange } from "../feed.ts";
import { prunedMark, type AliasRow } from "../store/aliases.ts";
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
  /** Rows of items that are gone were removed: their numbers are known by not being there alone. */
  readonly isPruned: boolean;
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
  isPruned: false,
};

/** The translation of these rows. */
export function aliasesOf(kept: readonly AliasRow[]): Aliases {
  if (kept.length === 0) return noAliases;
  const rows = kept.filter(({ number }) => number !== prunedMark);
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
    isPruned: rows.length < kept.length,
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

/** What a translated feed is asked at, and whom it tells. */
export interface AliasedAt {
  /** What has this UID or a higher one came after the position that is asked about. */
  readonly next?: number;
  /** Hears, of each `changed`, of the rows whose items are gone. */
  readonly onGone?: (rows: readonly AliasRow[]) => void;
}

/**
 * A feed in which aliased items go by their first number, whatever changed since; the feed itself where
 * nothing is aliased.
 */
export function aliasedFeed(
  feed: Feed,
  aliases: Aliases,
  { next = Infinity, onGone }: AliasedAt = {},
): Feed {
  if (aliases.rows.length === 0 && !aliases.isPruned) return feed;
  const inside = (range: NumberRange): readonly AliasRow[] =>
    aliases.rows.filter((row) => contains(range, row.number) && row.uid < next);
  return {
    position: () => feed.position(),
    changed: async (range, known) => {
      const plain = await feed.changed(range, known);
      const rows = inside(range);
      const items = await itemsOf(feed, rows);
      const there = new Set(items.map(({ number }) => number));
      onGone?.(rows.filter(({ number }) => !there.has(number)));
      const merged = mergeChanges(aliases, plain, { range, rows, items });
      if (!aliases.isPruned) return merged;
      const upTo = { low: range.low, high: Math.min(range.high, next - 1) };
      for (const { number, uid } of aliases.rows) if (uid >= next) there.add(number);
      return { ...merged, gone: await allButThese(feed, aliases, { range: upTo, there }) };
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
    gone: [...withoutNumbers(plain.gone, numbersOf(aliases)), ...[...gone, ...versions].map(only)],
  };
}

/** The numbers of a range that name no item: neither one of `there` nor one that goes by its own UID. */
async function allButThese(
  feed: Feed,
  aliases: Aliases,
  { range, there }: { readonly range: NumberRange; readonly there: ReadonlySet<number> },
): Promise<readonly NumberRange[]> {
  const own = unaliased(aliases, await allItems(feed, range)).map(({ number }) => number);
  return withoutNumbers([range], [...own, ...there]);
}

/** The items of these aliases as they are now, by their first numbers; what is gone is left out. */
async function itemsOf(feed: Feed, rows: readonly AliasRow[]): Promise<FeedItem[]> {
  if (rows.length === 0) return [];
  const numbers = new Map(rows.map(({ uid, number }) => [uid, number]));
  const listed = await allItems(feed, hullOf(rows));
  return listed.flatMap((item) => {
    const number = numbers.get(item.number);
    const labels = withEdit(item.number, item.labels ?? []);
    return number === undefined ? [] : [{ ...item, number, labels }];
  });
}

/** All items of a range. */
async function allItems(feed: Feed, { low, high }: NumberRange): Promise<FeedItem[]> {
  const found: FeedItem[] = [];
  for (let top = high; top >= low;) {
    const { items, reached } = await feed.newest({ low, high: top }, aliasesAtOnce);
    found.push(...items);
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
  const versions = aliases.rows.map(({ uid }) => uid);
  const left = withoutNumbers(plain, [...numbersOf(aliases), ...versions]);
  const ranges = [...left, ...kept.map(({ number }) => only(number))];
  return ranges.toSorted((one, other) => one.low - other.low);
}

function hullOf(rows: readonly AliasRow[]): NumberRange {
  const uids = rows.map(({ uid }) => uid);
  return { low: Math.min(...uids), high: Math.max(...uids) };
}

function numbersOf({ rows }: Aliases): readonly number[] {
  return rows.map(({ number }) => number);
}

/** Ranges without these numbers. */
function withoutNumbers(
  ranges: readonly NumberRange[],
  numbers: readonly number[],
): readonly NumberRange[] {
  const sorted = numbers.toSorted((one, other) => one - other);
  const left: NumberRange[] = [];
  let at = 0;
  for (const { low, high } of ranges.toSorted((one, other) => one.low - other.low)) {
    while (at < sorted.length && (sorted[at] ?? 0) < low) at++;
    let from = low;
    for (; at < sorted.length && (sorted[at] ?? 0) <= high; at++) {
      const number = sorted[at] ?? 0;
      if (number > from) left.push({ low: from, high: number - 1 });
      from = number + 1;
    }
    if (from <= high) left.push({ low: from, high });
  }
  return left;
}

function contains(range: NumberRange, number: number): boolean {
  return range.low <= number && number <= range.high;
}

function only(number: number): NumberRange {
  return { low: number, high: number };
}
