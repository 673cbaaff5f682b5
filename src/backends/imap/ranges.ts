/** Sets of numbers as ascending ranges that do not touch. */
import type { NumberRange } from "../../feed.ts";

/** What two lists of ascending ranges have in common: servers count ends beyond the last number in. */
export function intersection(
  ones: readonly NumberRange[],
  others: readonly NumberRange[],
): NumberRange[] {
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

/** Overlapping and adjacent ranges as one, ascending. */
export function joined(ranges: readonly NumberRange[]): NumberRange[] {
  const whole: { low: number; high: number }[] = [];
  for (const { low, high } of ranges.toSorted((one, other) => one.low - other.low)) {
    const last = whole.at(-1);
    if (last !== undefined && low <= last.high + 1) last.high = Math.max(last.high, high);
    else whole.push({ low, high });
  }
  return whole;
}
