/** Moments in a query, in the forms of the protocol (MS-ASDTYPE 2.3, 2.7.2). */

const form = /^(\d{4})-?(\d\d)-?(\d\d)T(\d\d):?(\d\d):?(\d\d)(\.\d{1,9})?Z$/;

/** The moment of a text; undefined when it is none. */
export function parseMoment(text: string): Date | undefined {
  const [, year, month, day, hour, minute, second, fraction = ""] = form.exec(text.trim()) ?? [];
  if (year === undefined) return undefined;
  const date = new Date(
    `${year}-${month}-${day}T${hour}:${minute}:${second}${fraction.slice(0, 4)}Z`,
  );
  return Number.isNaN(date.getTime()) ? undefined : date;
}
