/** A VTIMEZONE of a calendar as a zone (RFC 5545 3.6.5). Its rules are evaluated here: never more than a year's. */
import { componentsIn, propertyIn, textIn, type Component } from "./component.ts";
import { maxObservances } from "./limits.ts";
import { numbersIn, rulePartsOf, type RuleParts } from "./rule-parts.ts";
import { calendarDay, nthWeekday, timeOfDay, wallClock, wallClockOf } from "./wall-clock.ts";
import { changeAt, yearOf, type Zone, type YearRule } from "./zone.ts";

/** One STANDARD or DAYLIGHT: offsets in minutes, and when it begins. */
interface Observance {
  readonly isDaylight: boolean;
  readonly from: number;
  readonly to: number;
  readonly start: number;
  readonly dates: readonly number[];
  readonly rule?: YearlyRule;
}

interface YearlyRule {
  readonly month: number;
  readonly weekday?: number;
  readonly nth?: number;
  /** With a weekday: the first one from here on. */
  readonly monthDay?: number;
  readonly until: number;
}

/** The zone of a VTIMEZONE; undefined when it says no offset at all. */
export function zoneOf(component: Component): Zone | undefined {
  const observances = ["standard", "daylight"]
    .flatMap((name) => componentsIn(component, name))
    .slice(0, maxObservances)
    .flatMap(observanceOf);
  if (observances.length === 0) return undefined;
  const offsetAt = (wallMs: number): number => offsetOf(observances, wallMs);
  return {
    id: textIn(component, "tzid"),
    offsetAt,
    ruleAt: (wallMs) =>
      ruleIn(observances, yearOf(wallMs)) ?? { standardMinutes: offsetAt(wallMs) },
  };
}

function observanceOf(component: Component): Observance[] {
  const [from, to] = ["tzoffsetfrom", "tzoffsetto"].map((name) =>
    minutesOf(textIn(component, name)),
  );
  const start = wallClockOf(propertyIn(component, "dtstart")?.values[0])?.wallMs;
  if (to === undefined || start === undefined) return [];
  const dates = component.properties
    .filter(({ name }) => name === "rdate")
    .flatMap(({ values }) => values.flatMap((value) => wallClockOf(value)?.wallMs ?? []));
  const rule = ruleOf(propertyIn(component, "rrule")?.values[0], start);
  return [
    {
      isDaylight: component.name === "daylight",
      from: from ?? to,
      to,
      start,
      dates: [start, ...dates.slice(0, maxObservances)],
      ...(rule === undefined ? {} : { rule }),
    },
  ];
}

/** "+01:00" as jCal has it. */
function minutesOf(text: string): number | undefined {
  const match = /^([+-])(\d\d):(\d\d)/.exec(text);
  if (match === null) return undefined;
  const minutes = Number(match[2]) * 60 + Number(match[3]);
  return minutes > 24 * 60 ? undefined : (match[1] === "-" ? -1 : 1) * minutes;
}

const weekdays = ["SU", "MO", "TU", "WE", "TH", "FR", "SA"];

/** Rules of time zones are yearly; others count as their first date alone. */
function ruleOf(value: unknown, start: number): YearlyRule | undefined {
  const parts = rulePartsOf(value);
  if (parts?.["freq"]?.[0] !== "YEARLY") return undefined;
  const [monthDay = 0] = numbersIn(parts, "bymonthday");
  return {
    month: numbersIn(parts, "bymonth")[0] ?? calendarDay(start).month,
    ...weekdayOf(parts),
    ...(monthDay >= 1 && monthDay <= 31 ? { monthDay } : {}),
    until: wallClockOf(parts["until"]?.[0])?.wallMs ?? Infinity,
  };
}

function weekdayOf(parts: RuleParts): Pick<YearlyRule, "weekday" | "nth"> {
  const [, nth, day = ""] = /^([+-]?\d)?([A-Z]{2})$/.exec(parts["byday"]?.[0] ?? "") ?? [];
  const weekday = weekdays.indexOf(day);
  if (weekday === -1) return {};
  return nth === undefined ? { weekday } : { weekday, nth: Number(nth) };
}

/** When an observance begins in a year; undefined when it does not. */
function onsetIn({ start, dates, rule }: Observance, year: number): number | undefined {
  const listed = dates.findLast((date) => yearOf(date) === year);
  if (rule === undefined || listed !== undefined) return listed;
  if (year < yearOf(start)) return undefined;
  const wallMs = wallClock([year, rule.month, dayIn(rule, year, start)]) + timeOfDay(start);
  return wallMs < start || wallMs > rule.until + dayMs ? undefined : wallMs;
}

const dayMs = 86_400_000;

function dayIn({ month, weekday, nth, monthDay }: YearlyRule, year: number, start: number): number {
  if (weekday === undefined) return monthDay ?? calendarDay(start).day;
  if (monthDay === undefined) return nthWeekday({ year, month }, weekday, nth ?? 1);
  const from = calendarDay(wallClock([year, month, monthDay])).weekday;
  return monthDay + ((weekday - from + 7) % 7);
}

function offsetOf(observances: readonly Observance[], wallMs: number): number {
  let latest: { readonly onset: number; readonly minutes: number } | undefined;
  for (const observance of observances) {
    const onset = lastOnset(observance, wallMs);
    if (onset === undefined || onset <= (latest?.onset ?? -Infinity)) continue;
    latest = { onset, minutes: observance.to };
  }
  if (latest !== undefined) return latest.minutes;
  const earliest = observances.toSorted((one, other) => one.start - other.start)[0];
  return earliest?.from ?? 0;
}

function lastOnset(observance: Observance, wallMs: number): number | undefined {
  const year = yearOf(wallMs);
  const yearly = [year, year - 1].map((each) => onsetIn(observance, each));
  const past = [...yearly, ...observance.dates].filter(
    (onset): onset is number => onset !== undefined && onset <= wallMs,
  );
  return past.length === 0 ? undefined : past.reduce((one, other) => Math.max(one, other));
}

function ruleIn(observances: readonly Observance[], year: number): YearRule | undefined {
  const begun = (isDaylight: boolean) =>
    observances
      .filter((each) => each.isDaylight === isDaylight)
      .flatMap((each) => {
        const onset = onsetIn(each, year);
        return onset === undefined ? [] : [{ each, onset }];
      })
      .at(-1);
  const [standard, daylight] = [begun(false), begun(true)];
  if (standard === undefined || daylight === undefined) return undefined;
  if (standard.each.to === daylight.each.to) return undefined;
  return {
    standardMinutes: standard.each.to,
    daylight: {
      minutes: daylight.each.to,
      begins: ruledChange(daylight),
      ends: ruledChange(standard),
    },
  };
}

/** The rule itself knows whether the fourth Sunday is meant or the last one. */
function ruledChange({ each, onset }: { readonly each: Observance; readonly onset: number }) {
  const change = changeAt(onset);
  const nth = each.rule?.nth;
  if (nth === undefined || each.rule?.monthDay !== undefined) return change;
  return { ...change, week: nth < 0 ? 5 : Math.min(nth, 5) };
}
