/** Looking for mails in a folder: one SEARCH, then the dates of the hits with the highest numbers. */
import {
  BackendError,
  BackendUnavailable,
  type FolderHits,
  type SearchBounds,
  type SearchHit,
} from "../../backend.ts";
import type { NumberRange } from "../../feed.ts";
import type { MailQuery } from "../../items/search/condition.ts";
import { dayOf } from "../../kit/clock.ts";
import type { Argument, ImapConnection, Untagged } from "./connection.ts";
import { isServerFault } from "./errors.ts";
import { fetchMails } from "./fetching.ts";
import { datedHits, leastAsciiRun, rangesPerCommand, unreadableBreaksMost } from "./limits.ts";
import { receivedAt } from "./list.ts";
import { searchOnce } from "./search.ts";
import { criteriaOf, imapDate, type SearchDialect } from "./search-criteria.ts";
import { atom, formatRanges, pairsOf, textOf } from "./tokens.ts";

/** Searches a selected folder; an aborted signal takes the connection away, as no command can be called back. */
export async function searchMails(
  connection: ImapConnection,
  path: string,
  query: MailQuery,
  { limit, signal }: SearchBounds,
): Promise<FolderHits> {
  signal.throwIfAborted();
  const drop = (): void => connection.drop();
  signal.addEventListener("abort", drop, { once: true });
  try {
    const { uidValidity, uidNext } = await connection.select(path);
    const ranges = await findAll(connection, query, { low: 1, high: uidNext - 1 });
    const newest = highest(ranges, datedHits);
    const dated = await fetchDates(connection, newest);
    const hits = dated.filter((hit) => isBetween(hit, query));
    return {
      epoch: String(uidValidity),
      hits: hits.toSorted(newestFirst).slice(0, limit),
      total: countOf(ranges) - (countOf(newest) - hits.length),
    };
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    signal.removeEventListener("abort", drop);
  }
}

function newestFirst(one: SearchHit, other: SearchHit): number {
  return other.received.getTime() - one.received.getTime() || other.number - one.number;
}

function isBetween({ received }: SearchHit, query: MailQuery): boolean {
  const { receivedAfter, receivedBefore } = query;
  if (receivedAfter !== undefined && received <= receivedAfter) return false;
  return receivedBefore === undefined || received < receivedBefore;
}

/** Connections whose server takes no texts in UTF-8. */
const asciiOnly = new WeakSet<ImapConnection>();

async function findAll(
  connection: ImapConnection,
  query: MailQuery,
  everything: NumberRange,
): Promise<readonly NumberRange[]> {
  const faults = { left: unreadableBreaksMost };
  if (!asciiOnly.has(connection)) {
    const texts = new Texts(connection.isEnabled("UTF8=ACCEPT"));
    const criteria = wholeCriteria(
      query,
      dialectOf(connection, (text) => texts.write(text)),
    );
    try {
      const asked = { criteria, charset: texts.charset, faults };
      return await searchApart(connection, asked, everything);
    } catch (error) {
      // Exchange knows US-ASCII alone; servers say so with BADCHARSET or with a plain BAD.
      if (!(error instanceof BackendError) || texts.charset === undefined) throw error;
      asciiOnly.add(connection);
    }
  }
  const criteria = wholeCriteria(query, dialectOf(connection, asciiText));
  return await searchApart(connection, { criteria, faults }, everything);
}

interface SearchedApart {
  readonly criteria: readonly Argument[];
  readonly charset?: string | undefined;
  /** How often the server may still fail. */
  readonly faults: { left: number };
  /** Whether only the range is searched. */
  readonly isPart?: true;
}

/** Where the server fails, as Dovecot does at a mail that it cannot read, halves are searched: the mail is left out. */
async function searchApart(
  connection: ImapConnection,
  asked: SearchedApart,
  { low, high }: NumberRange,
): Promise<readonly NumberRange[]> {
  const { criteria, charset, faults, isPart } = asked;
  const uids = { type: "SEQUENCE" as const, value: formatRanges([{ low, high }]) };
  const within = isPart === true ? [atom("UID"), uids, ...criteria] : criteria;
  try {
    return await searchOnce(connection, within, charset);
  } catch (error) {
    const isOfMails = error instanceof BackendUnavailable && isServerFault(error);
    if (!isOfMails || !connection.usable || faults.left-- === 0) throw error;
    if (low >= high) return [];
    const middle = Math.floor((low + high) / 2);
    const part = { ...asked, isPart: true as const };
    const lower = await searchApart(connection, part, { low, high: middle });
    return [...lower, ...(await searchApart(connection, part, { low: middle + 1, high }))];
  }
}

function dialectOf(connection: ImapConnection, text: SearchDialect["text"]): SearchDialect {
  return { fuzzy: connection.fuzzySearch, text };
}

/** SINCE and BEFORE take whole days of the server's time zone: the moment is compared by INTERNALDATE. */
function wholeCriteria(query: MailQuery, dialect: SearchDialect): Argument[] {
  const { condition, receivedAfter, receivedBefore } = query;
  return [
    ...(receivedAfter === undefined
      ? []
      : [atom("SINCE"), imapDate(dayOf(receivedAfter.getTime()) - 1)]),
    ...(receivedBefore === undefined
      ? []
      : [atom("BEFORE"), imapDate(dayOf(receivedBefore.getTime()) + 2)]),
    ...criteriaOf(condition, dialect),
  ];
}

const plainAscii = /^[\x20-\x7e]*$/;

/** Texts of a search, and the charset that has to be told for them. */
class Texts {
  charset: string | undefined;
  readonly #isUtf8Connection: boolean;

  /** `isUtf8Connection`: after ENABLE UTF8=ACCEPT no charset may be told (RFC 6855 section 3). */
  constructor(isUtf8Connection: boolean) {
    this.#isUtf8Connection = isUtf8Connection;
  }

  write(text: string): Argument {
    const value = printable(text);
    if (plainAscii.test(value) || this.#isUtf8Connection) return { type: "STRING", value };
    this.charset = "UTF-8";
    // A quoted string has seven bits only (RFC 3501 9).
    return { type: "LITERAL", value: Buffer.from(value, "utf8") };
  }
}

/** The longest part of a text that plain ASCII can say; undefined when none tells enough. */
function asciiText(text: string): Argument | undefined {
  const runs = printable(text).split(/[^\x20-\x7e]+/);
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  const value = longest.trim();
  const isEnough = value === text || value.length >= leastAsciiRun;
  return isEnough ? { type: "STRING", value } : undefined;
}

function printable(text: string): string {
  return text.replace(/[\p{Cc}]+/gu, " ");
}

async function fetchDates(
  connection: ImapConnection,
  ranges: readonly NumberRange[],
): Promise<SearchHit[]> {
  const asked = numbersOf(ranges);
  const hits = new Map<number, SearchHit>();
  const hear = ({ attributes }: Untagged): void => {
    const values = pairsOf(attributes?.[1]);
    const number = Number(textOf(values.get("UID")));
    const received = textOf(values.get("INTERNALDATE"));
    // A FETCH without INTERNALDATE is news of another client.
    if (received === undefined || !asked.has(number)) return;
    hits.set(number, { number, received: receivedAt(received) });
  };
  for (let at = 0; at < ranges.length; at += rangesPerCommand) {
    const piece = ranges.slice(at, at + rangesPerCommand);
    const items = [atom("UID"), atom("INTERNALDATE")];
    await fetchMails(connection, { of: "metadata", ranges: piece, items }, { FETCH: hear });
  }
  return [...hits.values()];
}

/** The highest numbers of ascending ranges, as ascending ranges. */
function highest(ranges: readonly NumberRange[], limit: number): NumberRange[] {
  const taken: NumberRange[] = [];
  let left = limit;
  for (const { low, high } of ranges.toReversed()) {
    if (left === 0) break;
    const from = Math.max(low, high - left + 1);
    taken.unshift({ low: from, high });
    left -= high - from + 1;
  }
  return taken;
}

function countOf(ranges: readonly NumberRange[]): number {
  return ranges.reduce((sum, { low, high }) => sum + high - low + 1, 0);
}

function numbersOf(ranges: readonly NumberRange[]): ReadonlySet<number> {
  const numbers = ranges.map(({ low, high }) =>
    Array.from({ length: high - low + 1 }, (_, at) => low + at),
  );
  return new Set(numbers.flat());
}
