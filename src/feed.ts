/**
 * What `sync/` knows of any store, in neutral words. A feed is one collection, over IMAP or Postgres.
 * Numbers name items (UID or sequence number); a mark says "everything up to here is known".
 */

/** An inclusive range of item numbers, `low <= high`. */
export interface NumberRange {
  readonly low: number;
  readonly high: number;
}

/** Where a collection stands now. Comes from `Feed.position()` alone, never from a side effect. */
export interface Position {
  /** UIDVALIDITY, or "1": another epoch means that all numbers are void. */
  readonly epoch: string;
  /** HIGHESTMODSEQ or the feed's sequence; rises with each change, may rise without a visible one. */
  readonly mark: bigint;
  /** The number that the next new item will get at the least (UIDNEXT). */
  readonly next: number;
  /** How many items there are. */
  readonly count: number;
}

/** One item as far as sync must know it. */
export interface FeedItem {
  readonly number: number;
  /**
   * Equal exactly when a device would see the same. Mail: the low 8 bits (`version` < 256), with the
   * categories and other state apart in `labels`; other classes: the item's revision (32 bits, no `labels`).
   */
  readonly version: number;
  /** Categories, sorted, for mail; `sync/` interns the set into the version's upper 24 bits. */
  readonly labels?: readonly string[];
  /** Day of arrival: days since 1970-01-01 UTC (INTERNALDATE for mail). */
  readonly day: number;
}

/** What changed in a range since a mark. */
export interface Changes {
  /** New or changed items, with their state of now; each number at most once, in any order. */
  readonly items: readonly FeedItem[];
  /** Ranges of numbers that are gone; may name more than really went. */
  readonly gone: readonly NumberRange[];
}

/** The collection was made anew since its position was told: nothing of it belongs to the epoch that is known. */
export class EpochPassed extends Error {
  override name = "EpochPassed";
}

/**
 * One collection, as `sync/` asks it. Every method rejects when its signal or the session ends; all but `position`
 * throw `EpochPassed` where the epoch is another than that of the position that was told last.
 */
export interface Feed {
  /** Where the collection stands: one cheap round trip (IMAP: STATUS). */
  position(): Promise<Position>;
  /**
   * What changed in `range` since `known`, the position (mark, next, count) that the asker stands at.
   * A server without QRESYNC compares `known.count`/`known.next` before it searches for what is gone.
   */
  changed(range: NumberRange, known: Position): Promise<Changes>;
  /**
   * The newest items of a range, descending, about `limit` of them (never more than 4 x limit).
   * `reached`: the lowest number looked at; `range.low` when the range was looked at whole.
   */
  newest(
    range: NumberRange,
    limit: number,
  ): Promise<{ items: readonly FeedItem[]; reached: number }>;
  /** Which numbers of `range` arrived on `sinceDay` or later (FilterType window); ascending ranges. */
  within(range: NumberRange, sinceDay: number): Promise<readonly NumberRange[]>;
  /** Which of these numbers (ascending ranges) arrived on `sinceDay` or later; for the daily ageing. */
  withinKnown(known: readonly NumberRange[], sinceDay: number): Promise<readonly NumberRange[]>;
}
