const MOMENT =
  /^(\d{4})-?(\d\d)-?(\d\d)(?:T(\d\d):?(\d\d)(?::?(\d\d)(?:[.,](\d{1,9}))?)?)?(Z|[+-]\d\d:?\d\d)?$/;

function offsetMinutes(zone: string | undefined): number {
  if (zone === undefined || zone === "Z") return 0;
  const [hours, minutes] = [Number(zone.slice(1, 3)), Number(zone.slice(-2))];
  return (zone.startsWith("-") ? -1 : 1) * (hours * 60 + minutes);
}

/**
 * A moment in either form of the protocol (MS-ASDTYPE 2.3, 2.7.2), and in what clients send
 * instead: without seconds or time, with an offset. Undefined if it is none.
 */
export function parseMoment(text: string): Date | undefined {
  const match = MOMENT.exec(text.trim());
  if (match === null) return undefined;
  const [year, month, day, hour, minute, second] = match
    .slice(1, 7)
    .map((part) => Number(part ?? 0));
  const millisecond = Math.trunc(Number(`0.${match[7] ?? "0"}`) * 1000);
  const date = new Date(0);
  date.setUTCFullYear(year ?? 0, (month ?? 1) - 1, day);
  date.setUTCHours(hour ?? 0, minute ?? 0, second ?? 0, millisecond);
  if (date.getUTCMonth() + 1 !== month || (hour ?? 0) > 24) return undefined;
  return new Date(date.getTime() - offsetMinutes(match[8]) * 60_000);
}

/** `2009-05-19T10:42:20.000Z` (MS-ASDTYPE 2.3). */
export function formatDateTime(date: Date): string {
  return date.toISOString();
}

/** `20090519T104220Z` (MS-ASDTYPE 2.7.2). */
export function formatCompact(date: Date): string {
  return `${date.toISOString().slice(0, 19).replaceAll(/[-:]/g, "")}Z`;
}

/** A whole number; undefined if the text is none that is exact. */
export function parseInteger(text: string): number | undefined {
  const trimmed = text.trim();
  const value = /^[+-]?\d+$/.test(trimmed) ? Number(trimmed) : Number.NaN;
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A number with a fraction; undefined if the text is none. */
export function parseDecimal(text: string): number | undefined {
  const trimmed = text.trim();
  const value = trimmed === "" ? Number.NaN : Number(trimmed);
  return Number.isFinite(value) ? value : undefined;
}

const booleans: ReadonlyMap<string, boolean> = new Map([
  ["1", true],
  ["0", false],
  ["true", true],
  ["false", false],
]);

/** A boolean (MS-ASDTYPE 2.1), also as the words that some clients send. */
export function parseBoolean(text: string): boolean | undefined {
  return booleans.get(text) ?? booleans.get(text.trim().toLowerCase());
}
