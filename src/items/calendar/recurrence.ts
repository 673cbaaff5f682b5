/** RRULE -> the Recurrence that the Email and the Calendar class share (MS-ASEMAIL 2.2.2.60, MS-ASCAL 2.2.2.37). */
import { numbersIn, rulePartsOf, type RuleParts } from "./rule-parts.ts";
import { isTellable, calendarDay, timeOfDay, wallClockOf } from "./wall-clock.ts";
import { momentOf, type Zone } from "./zone.ts";

/** The elements of a Recurrence. */
export interface Recurrence {
  /** 0 daily, 1 weekly, 2 monthly by day, 3 monthly by weekday, 5 yearly by day, 6 yearly by weekday. */
  readonly Type: 0 | 1 | 2 | 3 | 5 | 6;
  readonly Interval: number;
  readonly Until?: Date;
  readonly Occurrences?: number;
  /** 1-4, or 5 for the last. */
  readonly WeekOfMonth?: number;
  readonly DayOfMonth?: number;
  /** Sum of 1 (Sunday) to 64 (Saturday). */
  readonly DayOfWeek?: number;
  readonly MonthOfYear?: number;
  /** 0 is Sunday. */
  readonly FirstDayOfWeek?: number;
}

/** When a series begins. */
export interface SeriesStart {
  readonly wallMs: number;
  readonly isDate: boolean;
  readonly zone: Zone;
}

/** The parts of a rule, each as a list. */
interface Rule {
  readonly freq: string;
  readonly interval: number;
  readonly days: readonly { readonly weekday: number; readonly nth: number }[];
  readonly monthDays: readonly number[];
  readonly months: readonly number[];
  readonly positions: readonly number[];
  /** 0 is Sunday. */
  readonly weekStart: number;
  /** Parts that no Recurrence can say. */
  readonly hasOthers: boolean;
}

type Pattern = Pick<
  Recurrence,
  "Type" | "WeekOfMonth" | "DayOfMonth" | "DayOfWeek" | "MonthOfYear" | "FirstDayOfWeek"
>;

/** The Recurrence of a jCal rule; undefined for rules that EAS cannot say. */
export function recurrenceOf(value: unknown, start: SeriesStart): Recurrence | undefined {
  const parts = rulePartsOf(value);
  if (parts === undefined) return undefined;
  const rule = ruleOf(parts);
  const pattern = rule.hasOthers ? undefined : patternOf(rule, start);
  if (pattern === undefined) return undefined;
  return { ...pattern, Interval: rule.interval, ...endOf(parts, start) };
}

function ruleOf(parts: RuleParts): Rule {
  const [interval = 1] = numbersIn(parts, "interval");
  return {
    freq: parts["freq"]?.[0] ?? "",
    interval: interval >= 1 && interval <= 999 ? Math.trunc(interval) : 1,
    days: (parts["byday"] ?? []).flatMap(dayOf),
    monthDays: numbersIn(parts, "bymonthday"),
    months: numbersIn(parts, "bymonth"),
    positions: numbersIn(parts, "bysetpos"),
    // jCal counts from 1, which is Sunday; Monday where the rule says nothing (RFC 5545 3.3.10).
    weekStart: (numbersIn(parts, "wkst")[0] ?? 2) - 1,
    hasOthers: ["byhour", "byminute", "bysecond", "byyearday", "byweekno"].some(
      (part) => parts[part] !== undefined,
    ),
  };
}

const weekdays = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

function dayOf(value: string): { weekday: number; nth: number }[] {
  const [, nth = "0", day = ""] = /^([+-]?\d{1,2})?([A-Z]{2})$/.exec(value) ?? [];
  const weekday = weekdays.indexOf(day);
  return weekday === -1 ? [] : [{ weekday, nth: Number(nth) }];
}

function patternOf(rule: Rule, start: SeriesStart): Pattern | undefined {
  switch (rule.freq) {
    case "DAILY":
      return dailyPattern(rule);
    case "WEEKLY":
      return weeklyPattern(rule, start);
    case "MONTHLY":
      return rule.months.length > 0 ? undefined : monthlyPattern(rule, start);
    case "YEARLY":
      return yearlyPattern(rule, start);
    default:
      return undefined;
  }
}

/** "Every day that is Monday to Friday" is weekly on these days; only at an interval of 1. */
function dailyPattern({ days, monthDays, months, interval }: Rule): Pattern | undefined {
  if (monthDays.length > 0 || months.length > 0) return undefined;
  if (days.length === 0) return { Type: 0 };
  return interval === 1 ? { Type: 1, DayOfWeek: maskOf(days) } : undefined;
}

function weeklyPattern(rule: Rule, { wallMs }: SeriesStart): Pattern | undefined {
  const { days, months, monthDays, positions, weekStart } = rule;
  if (months.length + monthDays.length + positions.length > 0) return undefined;
  const ofStart = [{ weekday: calendarDay(wallMs).weekday }];
  return {
    Type: 1,
    DayOfWeek: maskOf(days.length > 0 ? days : ofStart),
    FirstDayOfWeek: weekStart >= 0 && weekStart <= 6 ? weekStart : 1,
  };
}

function maskOf(days: readonly { readonly weekday: number }[]): number {
  return days.reduce((mask, { weekday }) => mask | (1 << weekday), 0);
}

function monthlyPattern(rule: Rule, { wallMs }: SeriesStart): Pattern | undefined {
  const { days, monthDays, positions } = rule;
  if (days.length > 0) return weekOfMonth(rule, 3);
  if (monthDays.length > 1 || positions.length > 0) return undefined;
  const day = monthDays[0] ?? calendarDay(wallMs).day;
  // The last day of the month: the last one of all days of the week.
  if (day === -1) return { Type: 3, WeekOfMonth: 5, DayOfWeek: 127 };
  return day >= 1 && day <= 31 ? { Type: 2, DayOfMonth: day } : undefined;
}

/** The n-th weekday: "2TU", or "TU" with BYSETPOS 2; several weekdays only by BYSETPOS. */
function weekOfMonth({ days, monthDays, positions }: Rule, type: 3 | 6): Pattern | undefined {
  const [only] = days;
  const nth = positions.length === 1 ? positions[0] : days.length === 1 ? only?.nth : undefined;
  const isOrdinary = days.every((day) => day.nth === 0 || positions.length === 0);
  const WeekOfMonth = nth === -1 ? 5 : (nth ?? 0);
  if (!isOrdinary || monthDays.length > 0 || WeekOfMonth < 1 || WeekOfMonth > 5) return undefined;
  return { Type: type, WeekOfMonth, DayOfWeek: maskOf(days) };
}

function yearlyPattern(rule: Rule, { wallMs }: SeriesStart): Pattern | undefined {
  const { days, months } = rule;
  const ofStart = calendarDay(wallMs);
  const MonthOfYear = months[0] ?? ofStart.month;
  if (months.length > 1 || !(MonthOfYear >= 1 && MonthOfYear <= 12)) return undefined;
  // Without BYMONTH the n-th weekday is one of the year.
  if (days.length > 0 && months.length === 0) return undefined;
  return inMonth(days.length > 0 ? weekOfMonth(rule, 6) : dayOfYear(rule, ofStart), MonthOfYear);
}

function dayOfYear(
  { monthDays, positions }: Rule,
  { day }: { readonly day: number },
): Pattern | undefined {
  if (monthDays.length > 1 || positions.length > 0) return undefined;
  const DayOfMonth = monthDays[0] ?? day;
  return DayOfMonth >= 1 && DayOfMonth <= 31 ? { Type: 5, DayOfMonth } : undefined;
}

function inMonth(pattern: Pattern | undefined, MonthOfYear: number): Pattern | undefined {
  return pattern && { ...pattern, MonthOfYear };
}

function endOf(parts: RuleParts, start: SeriesStart): Pick<Recurrence, "Until" | "Occurrences"> {
  const [count = 0] = numbersIn(parts, "count");
  if (count >= 1) return { Occurrences: Math.min(Math.trunc(count), 999) };
  const until = wallClockOf(parts["until"]?.[0]);
  if (until === undefined) return {};
  if (until.isUtc) return untilOf(until.wallMs);
  // A date alone means the instance of that day.
  const wallMs = until.isDate ? until.wallMs + timeOfDay(start.wallMs) : until.wallMs;
  return untilOf(momentOf(wallMs, start.zone));
}

/** An end beyond all years that a device can read is none. */
function untilOf(ms: number): Pick<Recurrence, "Until"> {
  const Until = new Date(ms);
  return isTellable(Until) ? { Until } : {};
}
