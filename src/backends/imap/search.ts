/** UID SEARCH with its answers as ranges. */
import type { NumberRange } from "../../feed.ts";
import type { Argument, ImapConnection } from "./connection.ts";
import { fetchFeedItems } from "./feed-items.ts";
import { rangesPerCommand } from "./limits.ts";
import { complement, intersection, joined } from "./ranges.ts";
import { imapDate } from "./search-criteria.ts";
import {
  atom,
  formatRanges,
  isList,
  parseNumbers,
  rangesOf,
  searchedOf,
  textOf,
} from "./tokens.ts";

/**
 * Which numbers arrived on a day (UTC) or later. SINCE takes whole days of the server's own time zone, so what
 * lies within a day of the limit is judged by its INTERNALDATE; YOUNGER would need the server's clock.
 */
export async function arrivedSince(
  connection: ImapConnection,
  ranges: readonly NumberRange[],
  sinceDay: number,
): Promise<readonly NumberRange[]> {
  if (ranges.length === 0) return [];
  const perhaps = await search(connection, ranges, sinceCriterion(Math.max(0, sinceDay - 1)));
  if (perhaps.length === 0) return [];
  const surely = await search(connection, ranges, sinceCriterion(sinceDay + 1));
  const [first, last] = [perhaps[0], perhaps.at(-1)];
  const bounds = { low: first?.low ?? 1, high: last?.high ?? 0 };
  const unsure = intersection(perhaps, complement(bounds, surely));
  const judged = await fetchFeedItems(connection, unsure);
  const inside = judged.items.filter(({ day }) => day >= sinceDay).map(({ number }) => number);
  return joined([...surely, ...rangesOf(inside)]);
}

function sinceCriterion(day: number): Argument[] {
  return [atom("SINCE"), imapDate(day)];
}

/** The numbers of these ranges that fit, as ascending ranges; long lists of ranges are asked in pieces. */
export async function search(
  connection: ImapConnection,
  ranges: readonly NumberRange[],
  criteria: readonly Argument[],
): Promise<NumberRange[]> {
  const found: NumberRange[] = [];
  for (let at = 0; at < ranges.length; at += rangesPerCommand) {
    const piece = ranges.slice(at, at + rangesPerCommand);
    const uids = { type: "SEQUENCE" as const, value: formatRanges(piece) };
    const query = [atom("UID"), uids, ...criteria];
    found.push(...(await searchOnce(connection, query)));
  }
  return intersection(found, ranges);
}

/** One command; `charset`: that of the texts in it, where they are not plain ASCII. */
export async function searchOnce(
  connection: ImapConnection,
  query: readonly Argument[],
  charset?: string,
): Promise<NumberRange[]> {
  const found: NumberRange[] = [];
  const numbers: number[] = [];
  const esearch = connection.has("ESEARCH") ? [atom("RETURN"), [atom("ALL")]] : [];
  const told = charset === undefined ? [] : [atom("CHARSET"), atom(charset)];
  await connection.exec("UID SEARCH", [...esearch, ...told, ...query], {
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
