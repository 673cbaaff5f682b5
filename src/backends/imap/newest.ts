/** The newest items of a range of numbers. */
import type { FeedItem, NumberRange, Position } from "../../feed.ts";
import type { ImapConnection } from "./connection.ts";
import { fetchFeedItems, type Along } from "./feed-items.ts";
import { widenings, widestFirst } from "./limits.ts";

/** What `newest` is asked: a range within what the folder had when the mark was read. */
export interface NewestAsked {
  readonly range: NumberRange;
  readonly limit: number;
  readonly now: Position;
}

/** The newest items of a range, descending, and the lowest number that was looked at. */
export interface Found {
  readonly items: readonly FeedItem[];
  readonly reached: number;
}

/**
 * Descending from the top of the range, widened fourfold over holes: no SEARCH, no sort. The first stretch of numbers
 * may bring along other things than those that are wider.
 */
export async function newest(
  connection: ImapConnection,
  asked: NewestAsked,
  alongAll?: Along,
  alongFirst = alongAll,
): Promise<Found> {
  const { range, limit } = asked;
  const items: FeedItem[] = [];
  let high = range.high;
  let width = firstWidth(asked);
  for (let round = 0; round < widenings && items.length < limit && high >= range.low; round++) {
    const low = Math.max(range.low, high - width + 1);
    const along = round === 0 ? alongFirst : alongAll;
    const { items: found } = await fetchFeedItems(connection, [{ low, high }], { along });
    const descending = found.toSorted((one, other) => other.number - one.number);
    const room = limit - items.length;
    items.push(...descending.slice(0, room));
    if (descending.length > room) {
      return { items, reached: items.at(-1)?.number ?? low };
    }
    high = low - 1;
    if (found.length < width / 4) width *= 4;
  }
  return { items, reached: high + 1 };
}

/** How many numbers hold as many items as wanted, if those that are left are spread evenly. */
export function firstWidth({ limit, now: { next, count } }: NewestAsked): number {
  const density = Math.min(1, Math.max(1, count) / Math.max(1, next - 1));
  return Math.min(Math.ceil(limit / density), limit * widestFirst);
}
