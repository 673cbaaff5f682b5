/** What a time zone is to calendars: offsets, and the rule of a year for the TimeZone blob. */
import { calendarDay, daysIn, wallClock } from "./wall-clock.ts";

/** When clocks change, in wall-clock time before the change, as TIME_ZONE_INFORMATION says it. */
export interface Change {
  readonly month: number;
  /** 0 is Sunday. */
  readonly weekday: number;
  /** 1-4: the n-th such day of the month; 5: the last. */
  readonly week: number;
  readonly hour: number;
  readonly minute: number;
}

/** The offsets of a year, in minutes east of UTC. */
export interface YearRule {
  readonly standardMinutes: number;
  /** Undefined where clocks do not change. */
  readonly daylight?: {
    readonly minutes: number;
    readonly begins: Change;
    readonly ends: Change;
  };
}

/** A time zone. */
export interface Zone {
  readonly id: string;
  /** Minutes east of UTC when the wall clock shows this. */
  offsetAt(wallMs: number): number;
  /** The rule of the year that the wall clock shows. */
  ruleAt(wallMs: number): YearRule;
}

/** Coordinated universal time. */
export const utc: Zone = {
  id: "UTC",
  offsetAt: () => 0,
  ruleAt: () => ({ standardMinutes: 0 }),
};

/** The moment at which the wall clock of a zone shows this. */
export function momentOf(wallMs: number, zone: Zone): number {
  return wallMs - zone.offsetAt(wallMs) * 60_000;
}

/** The change at this moment of the wall clock, told as a rule: rules of the world name the n-th or last weekday. */
export function changeAt(wallMs: number): Change {
  const { year, month, day, weekday } = calendarDay(wallMs);
  const date = new Date(wallMs);
  const isLast = day + 7 > daysIn(year, month);
  return {
    month,
    weekday,
    week: isLast ? 5 : Math.ceil(day / 7),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}

/** The wall clock's year as a number. */
export function yearOf(wallMs: number): number {
  return calendarDay(wallMs).year;
}

/** The first moment of a year. */
export function yearStart(year: number): number {
  return wallClock([year, 1, 1]);
}
