/** A folder as `sync/` asks it. */
import {
  EpochPassed,
  type Changes,
  type Feed,
  type FeedItem,
  type NumberRange,
  type Position,
} from "../../feed.ts";
import type { MailItem } from "../../items/email/message.ts";
import type { Clock } from "../../kit/clock.ts";
import type { ImapConnection } from "./connection.ts";
import { fetchFeedItems, listing } from "./feed-items.ts";
import { allFlagsMs, flagsWithoutCondstore, listedPerLook, smallDistance } from "./limits.ts";
import type { ListedItems } from "./listed.ts";
import { newest, type NewestAsked } from "./newest.ts";
import { complement, intersection } from "./ranges.ts";
import type { FoundAhead } from "./read-ahead.ts";
import { arrivedSince, search } from "./search.ts";
import { atom } from "./tokens.ts";

/** Runs a piece of work on a connection of the account that has the folder selected. */
export type OnSelected = <Result>(
  path: string,
  work: (connection: ImapConnection) => Promise<Result>,
) => Promise<Result>;

/** What a feed needs of its account. */
export interface FeedAccount {
  readonly on: OnSelected;
  position(path: string): Promise<Position>;
  readonly clock: Clock;
  /** Metadata that came along with a look, for the listing that follows it. */
  readonly listed: ListedItems;
  /** The answer of `newest` for a folder that stands at `now`, where it was read ahead. */
  ahead(path: string, asked: NewestAsked): Promise<FoundAhead | undefined>;
}

/** The feed of one folder over IMAP. */
export function imapFeed(path: string, account: FeedAccount): Feed {
  const { clock, listed } = account;
  const keepFrom: KeepFrom = (from) => listed.keeper(path, from);
  let last: Position | undefined;
  const ask = async (): Promise<Position> => {
    listed.begin(path);
    last = await account.position(path);
    return last;
  };
  const position = async (): Promise<Position> => last ?? (await ask());
  const on = <Result>(work: (connection: ImapConnection) => Promise<Result>): Promise<Result> =>
    account.on(path, async (connection) => {
      if (last !== undefined) await demandEpoch(connection, path, last.epoch);
      return work(connection);
    });
  return {
    position: ask,
    changed: async (range, known) => {
      const now = await position();
      const nowMs = clock.now();
      return on((connection) => changed({ connection, range, known, now, keepFrom }, nowMs));
    },
    newest: async (range, limit) => {
      const now = await position();
      const asked = { range: clippedTo(range, now), limit, now };
      const keep = limit <= listedPerLook ? keepFrom(range.low) : undefined;
      const ahead = await account.ahead(path, asked);
      ahead?.listed.forEach((item) => keep?.(item));
      const along = keep && listing(keep);
      return ahead ?? (await on((connection) => newest(connection, asked, along)));
    },
    within: (range, sinceDay) => on((connection) => arrivedSince(connection, [range], sinceDay)),
    withinKnown: (known, sinceDay) => on((connection) => arrivedSince(connection, known, sinceDay)),
  };
}

/** What is selected may be an old folder of the name: then it is selected anew. Throws `EpochPassed`. */
async function demandEpoch(connection: ImapConnection, path: string, epoch: string): Promise<void> {
  if (connection.selectedEpoch === epoch) return;
  connection.expectEpoch(path, epoch);
  await connection.select(path);
  if (connection.selectedEpoch === epoch) return;
  throw new EpochPassed(`a folder of epoch ${epoch} is in epoch ${connection.selectedEpoch}`);
}

/** What is asked, from where the asker stands to where the folder stood when the mark was read. */
interface Asked {
  readonly connection: ImapConnection;
  readonly range: NumberRange;
  readonly known: Position;
  readonly now: Position;
  readonly keepFrom: KeepFrom;
}

/** Takes the metadata of items at or above a number. */
type KeepFrom = (from: number) => (item: MailItem) => void;

async function changed(asked: Asked, nowMs: number): Promise<Changes> {
  const { connection, range, known, keepFrom } = asked;
  if (!connection.keepsMarks) return changedWithoutMarks(asked, nowMs);
  const qresync = connection.isEnabled("QRESYNC");
  const modifiers = [
    atom("CHANGEDSINCE"),
    atom(String(known.mark > 0n ? known.mark : 1n)),
    ...(qresync ? [atom("VANISHED")] : []),
  ];
  const along = isSmall(asked) ? listing(keepFrom(known.next)) : undefined;
  const heard = await fetchFeedItems(connection, [range], { modifiers, along });
  const gone = qresync ? heard.gone : await missing(asked, heard.items);
  return withoutGone(heard.items, gone);
}

/**
 * A few new mails and little else: their metadata come along, as they are to be shown. How much else changed
 * nothing tells beforehand; a distance of marks is what it takes at the least.
 */
function isSmall({ known, now }: Asked): boolean {
  const arrived = now.next - known.next;
  return arrived > 0 && arrived <= listedPerLook && now.mark - known.mark <= smallDistance;
}

/** Without QRESYNC: what the server does not name any more; only asked when the counts do not add up. */
async function missing(asked: Asked, items: readonly FeedItem[]): Promise<NumberRange[]> {
  if (addsUp(asked, items)) return [];
  const { connection, range } = asked;
  return complement(range, await search(connection, [range], []));
}

/** As many items as before and those that came since: nothing went. No, where that cannot be told. */
function addsUp({ range, known, now }: Asked, items: readonly FeedItem[]): boolean {
  if (now.next === known.next) return now.count === known.count;
  if (range.low > known.next || range.high < now.next - 1) return false;
  const arrived = items.filter(({ number }) => number >= known.next && number < now.next);
  return now.count === known.count + arrived.length;
}

/**
 * Without marks nothing tells what changed: all that came since is told, of the rest the newest are
 * compared, and every quarter of an hour all. The mark is the time of asking.
 */
async function changedWithoutMarks(
  { connection, range, known, now }: Asked,
  nowMs: number,
): Promise<Changes> {
  const present = await search(connection, [range], []);
  const isDue = quarter(nowMs) !== quarter(Number(known.mark));
  const all = isDue || now.count <= flagsWithoutCondstore;
  const arrived = intersection(present, [{ low: known.next, high: range.high }]);
  const older = intersection(present, [{ low: range.low, high: known.next - 1 }]);
  const some = [...newestOf(older, flagsWithoutCondstore), ...arrived];
  const { items } = await fetchFeedItems(connection, all ? [range] : some);
  return withoutGone(items, complement(range, present));
}

/** What came after the search, or went after the fetch, is told by the next look. */
function withoutGone(items: readonly FeedItem[], gone: readonly NumberRange[]): Changes {
  const ranges = gone.toSorted((one, other) => one.low - other.low);
  let at = 0;
  const there = items
    .toSorted((one, other) => one.number - other.number)
    .filter(({ number }) => {
      while ((ranges[at]?.high ?? Infinity) < number) at += 1;
      return number < (ranges[at]?.low ?? Infinity);
    });
  return { items: there, gone };
}

function quarter(ms: number): number {
  return Math.floor(ms / allFlagsMs);
}

function newestOf(ranges: readonly NumberRange[], count: number): NumberRange[] {
  const kept: NumberRange[] = [];
  let room = count;
  for (const { low, high } of ranges.toReversed()) {
    if (room <= 0) break;
    kept.unshift({ low: Math.max(low, high - room + 1), high });
    room -= high - low + 1;
  }
  return kept;
}

/** Nothing is asked above the numbers that the folder had when the mark was read. */
function clippedTo({ low, high }: NumberRange, now: Position): NumberRange {
  return { low, high: Math.min(high, Math.max(now.next - 1, low - 1)) };
}
