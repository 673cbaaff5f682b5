/** The hierarchy as one more collection: numbers are serials, the mark is the hierarchy's revision. */
import type { Changes, Feed, FeedItem, NumberRange, Position } from "../feed.ts";
import { findHierarchy, listChangedCollections, type CollectionRow } from "../store/collections.ts";
import type { Sql } from "../store/sql.ts";

/** Serials never start over. */
const epoch = "1";
/** The highest possible serial (PostgreSQL integer); a feed's ranges may reach further. */
const highestSerial = 2 ** 31 - 1;

/** The feed over an account's folders, as `collections` has them now. */
export function hierarchyFeed(sql: Sql, accountId: string): Feed {
  const rowsOf = async (range: NumberRange, since: bigint): Promise<CollectionRow[]> => {
    const high = Math.min(range.high, highestSerial);
    return await listChangedCollections(sql, accountId, { low: range.low, high, since });
  };
  return {
    position: async (): Promise<Position> => {
      const position = await findHierarchy(sql, accountId);
      if (position === undefined) throw new Error(`account ${accountId} is not stored`);
      const { revision, nextSerial, count } = position;
      return { epoch, mark: revision, next: nextSerial, count };
    },
    changed: async (range, known): Promise<Changes> => changesOf(await rowsOf(range, known.mark)),
    newest: async (range, limit) => newestOf(await rowsOf(range, -1n), range, limit),
    within: async (range) => [range],
    withinKnown: async (known) => known,
  };
}

function changesOf(rows: readonly CollectionRow[]): Changes {
  const gone = rows.filter((row) => row.deleted);
  return {
    items: rows.filter((row) => !row.deleted).map(feedItem),
    gone: gone.map((row) => ({ low: row.serial, high: row.serial })),
  };
}

function newestOf(rows: readonly CollectionRow[], range: NumberRange, limit: number) {
  const alive = rows.filter((row) => !row.deleted).toReversed();
  const items = alive.slice(0, limit).map(feedItem);
  const last = items.at(-1);
  const whole = last === undefined || alive.length <= limit;
  return { items, reached: whole ? range.low : last.number };
}

function feedItem(row: CollectionRow): FeedItem {
  return { number: row.serial, version: folderVersion(row), day: 0 };
}

/** 32 bits that are equal exactly when a device would see the same folder (FNV-1a; chance 2^-32 to err). */
export function folderVersion(
  row: Pick<CollectionRow, "displayName" | "parentSerial" | "type">,
): number {
  const shown = Buffer.from(`${row.parentSerial}\n${row.type}\n${row.displayName}`);
  let hash = 0x811c9dc5;
  for (const byte of shown) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}
