/** Ranges of item numbers: sorting, joining and coarsening. */
import type { NumberRange } from "../feed.ts";

/** Ascending, without overlap, neighbours joined. */
export function normalised(ranges: readonly NumberRange[]): NumberRange[] {
  const joined: NumberRange[] = [];
  for (const range of ranges.toSorted((a, b) => a.low - b.low)) {
    const last = joined.at(-1);
    if (last === undefined || range.low > last.high + 1) joined.push(range);
    else joined[joined.length - 1] = { low: last.low, high: Math.max(last.high, range.high) };
  }
  return joined;
}

/** Ascending ranges of ascending numbers. */
export function rangesOf(numbers: readonly number[]): NumberRange[] {
  const ranges: { low: number; high: number }[] = [];
  for (const number of numbers) {
    const last = ranges.at(-1);
    if (last !== undefined && number === last.high + 1) last.high = number;
    else ranges.push({ low: number, high: number });
  }
  return ranges;
}

/** At most `most` ranges that cover these: the smallest gaps are covered too. */
export function coarsened(ranges: readonly NumberRange[], most: number): NumberRange[] {
  const sorted = normalised(ranges);
  if (sorted.length <= most) return sorted;
  const gaps = sorted
    .slice(1)
    .map((range, index) => ({ index, gap: range.low - highOf(sorted, index) }));
  const widest = gaps.toSorted((a, b) => b.gap - a.gap).slice(0, most - 1);
  const ends = widest.map(({ index }) => index).toSorted((a, b) => a - b);
  return [...ends, sorted.length - 1].map((end, position) => ({
    low: lowOf(sorted, position === 0 ? 0 : (ends[position - 1] ?? 0) + 1),
    high: highOf(sorted, end),
  }));
}

/** Which of these ascending numbers lie in these ranges. */
export function numbersWithin(numbers: Iterable<number>, ranges: readonly NumberRange[]): number[] {
  const sorted = normalised(ranges);
  const inside: number[] = [];
  let index = 0;
  for (const number of numbers) {
    while (index < sorted.length && highOf(sorted, index) < number) index += 1;
    if (index === sorted.length) break;
    if (lowOf(sorted, index) <= number) inside.push(number);
  }
  return inside;
}

/** The part of each range that lies in `bounds`. */
export function clipped(ranges: readonly NumberRange[], bounds: NumberRange): NumberRange[] {
  return ranges
    .map(({ low, high }) => ({ low: Math.max(low, bounds.low), high: Math.min(high, bounds.high) }))
    .filter(({ low, high }) => low <= high);
}

function lowOf(ranges: readonly NumberRange[], index: number): number {
  return ranges[index]?.low ?? 0;
}

function highOf(ranges: readonly NumberRange[], index: number): number {
  return ranges[index]?.high ?? 0;
}
