/** Days and spans of days as a keyword query names them (MS-KQL 2.1.6). Days are counted from 1970-01-01 UTC. */

/** Both included. */
export interface DayRange {
  readonly first: number;
  readonly last: number;
}

const dayMs = 86_400_000;

/** The days that a value names: a word, a date, a month, a year, or two dates with ".." between. */
export function dayRange(value: string, today: number): DayRange | undefined {
  const named = namedRange(value.toLowerCase(), today);
  if (named !== undefined) return named;
  const [from = "", to = from] = value.split("..");
  const [first, last] = [dateRange(from), dateRange(to)];
  return first && last && { first: first.first, last: last.last };
}

function namedRange(name: string, today: number): DayRange | undefined {
  const date = new Date(today * dayMs);
  // Weeks begin on Monday.
  const monday = today - ((date.getUTCDay() + 6) % 7);
  const [year, month] = [date.getUTCFullYear(), date.getUTCMonth()];
  switch (name) {
    case "today":
      return { first: today, last: today };
    case "yesterday":
      return { first: today - 1, last: today - 1 };
    case "this week":
      return { first: monday, last: monday + 6 };
    case "last week":
      return { first: monday - 7, last: monday - 1 };
    case "this month":
      return months(year, month, 1);
    case "last month":
      return months(year, month - 1, 1);
    case "this year":
      return months(year, 0, 12);
    case "last year":
      return months(year - 1, 0, 12);
    default:
      return undefined;
  }
}

/** "2026", "2026-11", "2026-11-25", "2026-11-25T10:00:00Z", "11/25/2026" (month first, as KQL has it). */
function dateRange(text: string): DayRange | undefined {
  const iso = /^(\d{4})(?:-(\d{1,2})(?:-(\d{1,2})(?:T[0-9:.Z+-]*)?)?)?$/i.exec(text.trim());
  const slashed = /^(\d{1,2})\/(\d{1,2})\/(\d{4})$/.exec(text.trim());
  const [year, month, day] =
    iso === null ? [slashed?.[3], slashed?.[1], slashed?.[2]] : [iso[1], iso[2], iso[3]];
  if (year === undefined) return undefined;
  if (month === undefined) return months(Number(year), 0, 12);
  if (day === undefined) return months(Number(year), Number(month) - 1, 1);
  const moment = Date.UTC(Number(year), Number(month) - 1, Number(day));
  const isReal = new Date(moment).getUTCMonth() === Number(month) - 1;
  return isReal ? { first: moment / dayMs, last: moment / dayMs } : undefined;
}

function months(year: number, month: number, count: number): DayRange | undefined {
  if (month > 11) return undefined;
  return {
    first: Date.UTC(year, month, 1) / dayMs,
    last: Date.UTC(year, month + count, 1) / dayMs - 1,
  };
}
