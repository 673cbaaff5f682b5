/** Wall-clock times: milliseconds of a clock at UTC that shows what a clock on the wall shows. */

const dayMs = 86_400_000;

/** A date or a time without its zone. */
export interface WallClock {
  readonly wallMs: number;
  readonly isDate: boolean;
  /** The value says itself that it is UTC. */
  readonly isUtc: boolean;
}

/**
 * The text of jCal, or of iCalendar itself in properties whose type is not known. "T::" has the parser made of a date
 * that does not say that it is one.
 */
const form = /^(\d{4})-?(\d\d)-?(\d\d)(?:T::|T(\d\d):?(\d\d):?(\d\d)?(Z?))?$/;

/** A date or date-time; undefined for what is none. */
export function wallClockOf(value: unknown): WallClock | undefined {
  const match = typeof value === "string" ? form.exec(value) : null;
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const wallMs = wallClock(
    [year ?? 0, month ?? 1, day ?? 1],
    [hour ?? 0, minute ?? 0, second ?? 0],
  );
  const isDate = match[4] === undefined;
  return Number.isNaN(wallMs) ? undefined : { wallMs, isDate, isUtc: match[7] === "Z" };
}

/** Whether a date has the four digits of a year that a device can read (MS-ASDTYPE 2.3). */
export function isTellable(moment: Date): boolean {
  const year = moment.getUTCFullYear();
  return year >= 1 && year <= 9999;
}

/** Milliseconds of a date and time of the wall clock; the year may be below 100. */
export function wallClock(
  [year, month, day]: readonly [number, number, number],
  [hour, minute, second]: readonly [number, number, number] = [0, 0, 0],
): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  return date.setUTCHours(hour, minute, second, 0);
}

/** Year, month (1-12), day and day of the week (0 is Sunday) of a wall clock. */
export function calendarDay(wallMs: number): {
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
} {
  const date = new Date(wallMs);
  return {
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
  };
}

/** Milliseconds since midnight. */
export function timeOfDay(wallMs: number): number {
  return ((wallMs % dayMs) + dayMs) % dayMs;
}

/** Days of a month. */
export function daysIn(year: number, month: number): number {
  return new Date(wallClock([year, month + 1, 1]) - dayMs).getUTCDate();
}

/** Day of the month of its n-th weekday; `nth` -1 (or 5, where there is no fifth) is the last one. */
export function nthWeekday(
  { year, month }: { readonly year: number; readonly month: number },
  weekday: number,
  nth: number,
): number {
  const days = daysIn(year, month);
  if (nth < 0) {
    const last = calendarDay(wallClock([year, month, days])).weekday;
    return days - ((last - weekday + 7) % 7) + (nth + 1) * 7;
  }
  const first = calendarDay(wallClock([year, month, 1])).weekday;
  const day = 1 + ((weekday - first + 7) % 7) + (nth - 1) * 7;
  return day > days ? day - 7 : day;
}
