/** Small readers of imapflow's parsed tokens, and the word of a command. */
import type { NumberRange } from "../../feed.ts";
import type { Argument, Parsed, Untagged } from "./connection.ts";

/** A word of a command that goes out as it stands. */
export function atom(value: string): Argument {
  return { type: "ATOM", value };
}

/** The text of a token; undefined for lists and NIL. */
export function textOf(token: Parsed | undefined): string | undefined {
  if (token === null || token === undefined || isList(token)) return undefined;
  const value = token.value;
  if (value === undefined) return undefined;
  return typeof value === "string" ? value : value.toString("utf8");
}

/** Whether a token is a list. */
export function isList(token: Parsed | undefined): token is readonly Parsed[] {
  return Array.isArray(token);
}

/** The entries of a list; none for anything else. */
export function entriesOf(token: Parsed | undefined): readonly Parsed[] {
  return isList(token) ? token : [];
}

/** A list of names and values, by upper-case name. */
export function pairsOf(token: Parsed | undefined): ReadonlyMap<string, Parsed> {
  const entries = entriesOf(token);
  const pairs = new Map<string, Parsed>();
  for (let at = 0; at + 1 < entries.length; at += 2) {
    const name = textOf(entries[at]);
    const value = entries[at + 1];
    if (name !== undefined && value !== undefined) pairs.set(name.toUpperCase(), value);
  }
  return pairs;
}

/** A set of numbers as IMAP writes it ("1:3,7"), as ascending ranges. */
export function parseNumbers(text: string): NumberRange[] {
  const ranges = text.split(",").flatMap((piece) => {
    const [first, last = first] = piece.split(":").map(Number);
    if (first === undefined || last === undefined) return [];
    if (!Number.isSafeInteger(first) || !Number.isSafeInteger(last)) return [];
    return [{ low: Math.min(first, last), high: Math.max(first, last) }];
  });
  return ranges.toSorted((one, other) => one.low - other.low);
}

/** Ranges as IMAP writes them. */
export function formatRanges(ranges: readonly NumberRange[]): string {
  return ranges.map(formatRange).join(",");
}

/** The largest UID (RFC 3501 section 2.3.1.1). */
export const topNumber = 4_294_967_295;

/** IMAP's "*" would name the last item even below the range: an open end is the largest UID instead. */
export function formatRange({ low, high }: NumberRange): string {
  const end = Math.min(high, topNumber);
  return low === end ? `${low}` : `${low}:${end}`;
}

/** The numbers of an untagged VANISHED (RFC 7162 3.2.10). */
export function vanishedOf({ attributes = [] }: Untagged): NumberRange[] {
  const last = attributes.at(-1);
  return parseNumbers(textOf(last) ?? "");
}

/** The numbers of an untagged SEARCH. */
export function searchedOf({ numbers, attributes = [] }: Untagged): readonly number[] {
  const found = numbers ?? attributes.map((token) => Number(textOf(token)));
  return found.filter((number) => Number.isSafeInteger(number));
}

/** Numbers in ascending order as ranges. */
export function rangesOf(numbers: readonly number[]): NumberRange[] {
  const ranges: { low: number; high: number }[] = [];
  for (const number of numbers.toSorted((one, other) => one - other)) {
    const last = ranges.at(-1);
    if (last !== undefined && number <= last.high + 1) last.high = Math.max(last.high, number);
    else ranges.push({ low: number, high: number });
  }
  return ranges;
}

/** The words after a response code of a tagged answer, such as [COPYUID 1 2:3 7:8]. */
export function codeOf(
  attributes: readonly Parsed[],
  code: string,
): readonly (string | undefined)[] {
  for (const token of attributes) {
    if (token === null || isList(token) || token.section === undefined) continue;
    const words = token.section.map((word) => textOf(word));
    if (words[0]?.toUpperCase() === code) return words.slice(1);
  }
  return [];
}
