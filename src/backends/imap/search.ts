/** UID SEARCH with its answers as ranges. */
import type { NumberRange } from "../../feed.ts";
import type { Argument, ImapConnection } from "./connection.ts";
import { fetchFeedItems } from "./feed-items.ts";
import { rangesPerCommand } from "./limits.ts";
import { complement, intersection, joined } from "./ranges.ts";
import { formatRanges, isList, parseNumbers, rangesOf, searchedOf, textOf } from "./tokens.ts";

const dayMs = 86_400_000;

const atom = (value: string): Argument => ({ type: "ATOM", value });

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
  const judged = await fetchFeedItems(connection, unsure, []);
  const inside = judged.items.filter(({ day }) => day >= sinceDay).map(({ number }) => number);
  return joined([...surely, ...rangesOf(inside)]);
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");

function sinceCriterion(day: number): Argument[] {
  const date = new Date(day * dayMs);
  const month = months[date.getUTCMonth()] ?? "Jan";
  return [atom("SINCE"), atom(`${date.getUTCDate()}-${month}-${date.getUTCFullYear()}`)];
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
