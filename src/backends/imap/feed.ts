/** A folder as `sync/` asks it. */
import type { Changes, Feed, FeedItem, NumberRange, Position } from "../../feed.ts";
import { mailVersion } from "../../items/email/version.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Argument, ImapConnection, Untagged } from "./connection.ts";
import { flagsOf } from "./flags.ts";
import { allFlagsMs, flagsWithoutCondstore, numbersPerCommand, widenings } from "./limits.ts";
import { readPosition } from "./position.ts";
import {
  entriesOf,
  formatRange,
  formatRanges,
  isList,
  pairsOf,
  parseNumbers,
  searchedOf,
  textOf,
  topNumber,
  vanishedOf,
} from "./tokens.ts";

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
}

const dayMs = 86_400_000;

const atom = (value: string): Argument => ({ type: "ATOM", value });
const metadata = [atom("UID"), atom("FLAGS"), atom("INTERNALDATE")];

/** The feed of one folder over IMAP. */
export function imapFeed(path: string, account: FeedAccount): Feed {
  const { on, clock } = account;
  return {
    position: () => account.position(path),
    changed: (range, known) =>
      on(path, (connection) =>
        connection.isEnabled("CONDSTORE")
          ? changed(connection, range, known)
          : changedWithoutMarks(connection, range, { known, now: clock.now() }),
      ),
    newest: (range, limit) => on(path, (connection) => newest(connection, range, limit)),
    within: (range, sinceDay) => on(path, (one) => since(one, [range], { sinceDay, clock })),
    withinKnown: (known, sinceDay) => on(path, (one) => since(one, known, { sinceDay, clock })),
  };
}

async function changed(
  connection: ImapConnection,
  range: NumberRange,
  known: Position,
): Promise<Changes> {
  const qresync = connection.isEnabled("QRESYNC");
  const since = [
    atom("CHANGEDSINCE"),
    atom(String(known.mark > 0n ? known.mark : 1n)),
    ...(qresync ? [atom("VANISHED")] : []),
  ];
  const heard = await fetchItems(connection, range, since);
  if (qresync) return heard;
  return { items: heard.items, gone: await missing(connection, range, known) };
}

/** Without QRESYNC: what the server does not name any more; only asked when the counts tell. */
async function missing(
  connection: ImapConnection,
  range: NumberRange,
  known: Position,
): Promise<NumberRange[]> {
  const now = await readPosition(connection, connection.selectedPath ?? "", 0);
  if (now.count === known.count && now.next === known.next) return [];
  return complement(range, await search(connection, [range], []));
}

/**
 * Without CONDSTORE nothing tells what changed: all that came since is told, of the rest the newest are
 * compared, and every quarter of an hour all. The mark is the time of asking.
 */
async function changedWithoutMarks(
  connection: ImapConnection,
  range: NumberRange,
  { known, now }: { readonly known: Position; readonly now: number },
): Promise<Changes> {
  const present = await search(connection, [range], []);
  const quarter = (time: number): number => Math.floor(time / allFlagsMs);
  const compareAll = quarter(now) !== quarter(Number(known.mark));
  const arrived = within(present, { low: known.next, high: range.high });
  const older = within(present, { low: range.low, high: known.next - 1 });
  const compared = compareAll ? present : [...arrived, ...newestOf(older, flagsWithoutCondstore)];
  const items: FeedItem[] = [];
  for (const part of compared) items.push(...(await fetchItems(connection, part, [])).items);
  return { items, gone: complement(range, present) };
}

function newestOf(ranges: readonly NumberRange[], count: number): NumberRange[] {
  const kept: NumberRange[] = [];
  let room = count;
  for (const { low, high } of ranges.toReversed()) {
    if (room <= 0) break;
    kept.push({ low: Math.max(low, high - room + 1), high });
    room -= high - low + 1;
  }
  return kept;
}

async function fetchItems(
  connection: ImapConnection,
  range: NumberRange,
  modifiers: readonly Argument[],
): Promise<Changes> {
  const items: FeedItem[] = [];
  const gone: NumberRange[] = [];
  const sequence = { type: "SEQUENCE" as const, value: formatRange(range) };
  const request = [sequence, metadata, ...(modifiers.length > 0 ? [modifiers] : [])];
  await connection.exec("UID FETCH", request, {
    FETCH: (untagged) => {
      const item = itemOf(untagged);
      // "low:high" beyond the last UID would name the last item (RFC 3501 6.4.8).
      if (item !== undefined && item.number >= range.low && item.number <= range.high) {
        items.push(item);
      }
    },
    VANISHED: (untagged) => void gone.push(...vanishedOf(untagged)),
  });
  return { items, gone };
}

function itemOf({ attributes }: Untagged): FeedItem | undefined {
  const pairs = pairsOf(attributes?.[1]);
  const number = Number(textOf(pairs.get("UID")));
  // A FETCH without INTERNALDATE is news of another client, not an answer.
  const received = textOf(pairs.get("INTERNALDATE"));
  if (!Number.isSafeInteger(number) || received === undefined) return undefined;
  const names = entriesOf(pairs.get("FLAGS")).map((flag) => textOf(flag) ?? "");
  const flags = flagsOf(new Set(names));
  const day = Math.floor(new Date(received).getTime() / dayMs);
  return {
    number,
    version: mailVersion(flags),
    labels: flags.categories,
    day: Number.isFinite(day) ? day : 0,
  };
}

/** Descending from the top of the range, widened fourfold over holes: no SEARCH, no sort. */
async function newest(
  connection: ImapConnection,
  range: NumberRange,
  limit: number,
): Promise<{ items: readonly FeedItem[]; reached: number }> {
  const items: FeedItem[] = [];
  let high = range.high < topNumber ? range.high : await highestNumber(connection, range);
  let width = limit;
  for (let round = 0; round < widenings && items.length < limit && high >= range.low; round++) {
    const low = Math.max(range.low, high - width + 1);
    const { items: found } = await fetchItems(connection, { low, high }, []);
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

/** Asked anew: what SELECT told may be old, and a number missed here would never be looked at again. */
async function highestNumber(connection: ImapConnection, { low }: NumberRange): Promise<number> {
  const { next } = await readPosition(connection, connection.selectedPath ?? "", 0);
  return Math.max(next - 1, low - 1);
}

/** Which numbers arrived on a day or later; SINCE has the server's days, so it asks a day more. */
async function since(
  connection: ImapConnection,
  ranges: readonly NumberRange[],
  { sinceDay, clock }: { sinceDay: number; clock: Clock },
): Promise<readonly NumberRange[]> {
  if (ranges.length === 0) return [];
  if (!connection.has("WITHIN")) return search(connection, ranges, sinceCriterion(sinceDay));
  const seconds = Math.max(1, Math.ceil((clock.now() - sinceDay * dayMs) / 1000));
  return search(connection, ranges, [atom("YOUNGER"), atom(String(seconds))]);
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function sinceCriterion(day: number): Argument[] {
  const date = new Date(day * dayMs);
  const month = months[date.getUTCMonth()] ?? "Jan";
  return [atom("SINCE"), atom(`${date.getUTCDate()}-${month}-${date.getUTCFullYear()}`)];
}

/** The numbers of these ranges that fit, as ascending ranges; long lists of ranges are asked in pieces. */
async function search(
  connection: ImapConnection,
  ranges: readonly NumberRange[],
  criteria: readonly Argument[],
): Promise<NumberRange[]> {
  const found: NumberRange[] = [];
  for (let at = 0; at < ranges.length; at += numbersPerCommand) {
    const piece = ranges.slice(at, at + numbersPerCommand);
    const uids = { type: "SEQUENCE" as const, value: formatRanges(piece) };
    const query = [atom("UID"), uids, ...criteria];
    found.push(...(await searchOnce(connection, query)));
  }
  return intersection(found, ranges);
}

async function searchOnce(
  connection: ImapConnection,
  query: readonly Argument[],
): Promise<NumberRange[]> {
  const found: NumberRange[] = [];
  const numbers: number[] = [];
  const esearch = connection.has("ESEARCH") ? [atom("RETURN"), [atom("ALL")]] : [];
  await connection.exec("UID SEARCH", [...esearch, ...query], {
    ESEARCH: (untagged) => {
      const words = (untagged.attributes ?? []).filter((token) => !isList(token));
      const all = words.findIndex((token) => textOf(token)?.toUpperCase() === "ALL");
      if (all !== -1) found.push(...parseNumbers(textOf(words[all + 1]) ?? ""));
    },
    SEARCH: (untagged) => void numbers.push(...searchedOf(untagged)),
  });
  return [...found, ...numbers.map((number) => ({ low: number, high: number }))].toSorted(
    (one, other) => one.low - other.low,
  );
}

/** What of ascending ranges lies in a range. */
function within(found: readonly NumberRange[], range: NumberRange): NumberRange[] {
  return intersection(found, [range]);
}

/** What two lists of ascending ranges have in common: servers count ends beyond the last number in. */
function intersection(ones: readonly NumberRange[], others: readonly NumberRange[]): NumberRange[] {
  const common: NumberRange[] = [];
  for (let at = 0, to = 0; at < ones.length && to < others.length;) {
    const [one, other] = [ones[at], others[to]];
    if (one === undefined || other === undefined) break;
    const low = Math.max(one.low, other.low);
    const high = Math.min(one.high, other.high);
    if (low <= high) common.push({ low, high });
    if (one.high < other.high) at++;
    else to++;
  }
  return common;
}

/** What of a range is in none of the ascending ranges. */
export function complement(range: NumberRange, present: readonly NumberRange[]): NumberRange[] {
  const gaps: NumberRange[] = [];
  let from = range.low;
  for (const { low, high } of present) {
    if (low > from) gaps.push({ low: from, high: Math.min(low - 1, range.high) });
    from = Math.max(from, high + 1);
  }
  if (from <= range.high) gaps.push({ low: from, high: range.high });
  return gaps;
}
