/**
 * Header values that every reader understands alike. What is written otherwise libraries and servers read as each
 * thinks best.
 */
import type { Header } from "./header.ts";

/** A type, subtype or disposition, and a parameter's name or value (RFC 2045 5.1, RFC 6838 4.2). */
const word = String.raw`[\w!#$&^.+-]+`;

const token = String.raw`[^\s()<>@,;:\\"/[\]?=]+`;
const parameters = String.raw`(?: ?; ?${token}=(?:${token}|"(?:[^"\\]|\\.)*"))* ?;?`;

const types = new RegExp(`^${word}/${word}${parameters}$`);
const dispositions = new RegExp(`^${word}${parameters}$`);
const encodings = /^(?:7bit|8bit|binary|base64|quoted-printable)$/i;
const encodingsOfMultiparts = /^(?:7bit|8bit|binary)$/i;

/** What a header tells of the content; "" for what it does not tell. */
interface Told {
  readonly type: string;
  readonly disposition: string;
  readonly encoding: string;
}

/** Whether what it tells of the content, if it does, can be read in one way only. */
export function hasRegularContent({ fields }: Header): boolean {
  if (hasLoneReturn(fields)) return false;
  const type = onlyOf(fields, "content-type");
  const disposition = onlyOf(fields, "content-disposition");
  const encoding = onlyOf(fields, "content-transfer-encoding");
  if (type === undefined || disposition === undefined || encoding === undefined) return false;
  // Some servers heed nothing of what has no type.
  if (!fields.has("content-type")) return disposition === "" && encoding === "";
  return isRegular({ type, disposition, encoding });
}

/** A carriage return alone is a line's end to some readers. */
function hasLoneReturn(fields: Header["fields"]): boolean {
  for (const values of fields.values()) {
    for (const value of values) if (value.includes("\r")) return true;
  }
  return false;
}

/** The value of a field, "" where it is not there; undefined where it is there more than once. */
function onlyOf(fields: Header["fields"], name: string): string | undefined {
  const values = fields.get(name);
  if (values === undefined) return "";
  return values.length === 1 ? values[0] : undefined;
}

function isRegular({ type, disposition, encoding }: Told): boolean {
  if (!isStructured(type, types)) return false;
  if (disposition !== "" && !isStructured(disposition, dispositions)) return false;
  const known = /^multipart\//i.test(type) ? encodingsOfMultiparts : encodings;
  return encoding === "" || known.test(encoding);
}

/** Neither encoded words nor letters beyond ASCII may be in a parameter (RFC 2047 5, RFC 2045 5.1): some read them. */
function isStructured(value: string, form: RegExp): boolean {
  const isAscii = !/[^\u0020-\u007e]/.test(value) && !value.includes("=?");
  return isAscii && form.test(value) && !repeats(value);
}

/** Whether a parameter comes twice, or in several pieces (RFC 2231 3): one of them is read, or all. */
function repeats(value: string): boolean {
  if (value.indexOf(";") === value.lastIndexOf(";")) return false;
  const names = [...value.matchAll(/; ?([^=*]+)/g)].map(([, name = ""]) => name.toLowerCase());
  return new Set(names).size < names.length;
}
