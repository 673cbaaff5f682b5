/**
 * Header values that every reader understands alike. What is written otherwise libraries and servers read as each
 * thinks best.
 */
import type { Header } from "./header.ts";

/** A type, subtype or disposition, and a parameter's name or value (RFC 2045 5.1, RFC 6838 4.2). */
const word = String.raw`[\w!#$&^.+-]+`;

const token = String.raw`[^\s()<>@,;:\\"/[\]?=]+`;
const parameter = String.raw` ?; ?([a-z][a-z-]*)=(?:${token}|"(?:[^"\\]|\\.)*")`;
const parameters = `(?:${parameter})* ?;?`;

const types = new RegExp(`^${word}/${word}${parameters}$`, "i");
const dispositions = new RegExp(`^${word}${parameters}$`, "i");
const encodings = /^(?:7bit|8bit|binary|base64|quoted-printable)$/i;
const encodingsOfMultiparts = /^(?:7bit|8bit|binary)$/i;

/** Fields of the content beside its type, which some servers heed only where there is a type. */
const otherFields = [
  "content-disposition",
  "content-transfer-encoding",
  "content-id",
  "content-location",
];

/** Whether what it tells of the content, if it does, can be read in one way only. */
export function hasRegularContent({ fields }: Header): boolean {
  const type = onlyOf(fields, "content-type");
  const others = otherFields.map((name) => onlyOf(fields, name));
  if (type === undefined || others.includes(undefined)) return false;
  if (!fields.has("content-type")) return otherFields.every((name) => !fields.has(name));
  const [disposition = "", encoding = "", id = "", location = ""] = others;
  return (
    isStructured(type, types) &&
    (disposition === "" || isStructured(disposition, dispositions)) &&
    (/^multipart\//i.test(type)
      ? isOfMultipart(encoding, id + location)
      : isOfPart(encoding, id + location))
  );
}

/** Servers tell no Content-ID of a multipart, and it is not encoded. */
function isOfMultipart(encoding: string, names: string): boolean {
  return names === "" && (encoding === "" || encodingsOfMultiparts.test(encoding));
}

function isOfPart(encoding: string, names: string): boolean {
  return isAscii(names) && (encoding === "" || encodings.test(encoding));
}

function isAscii(value: string): boolean {
  return !/[^\u0020-\u007e]/.test(value);
}

/** The value of a field, "" where it is not there; undefined where it is there more than once. */
function onlyOf(fields: Header["fields"], name: string): string | undefined {
  const values = fields.get(name);
  if (values === undefined) return "";
  return values.length === 1 ? values[0] : undefined;
}

/**
 * Neither encoded words nor letters beyond ASCII may be in a parameter (RFC 2047 5, RFC 2045 5.1), and what RFC 2231
 * allows instead not every server reads.
 */
function isStructured(value: string, form: RegExp): boolean {
  const isPlain = isAscii(value) && !value.includes("=?") && !value.includes("'");
  return isPlain && form.test(value) && !repeats(value);
}

const eachParameter = new RegExp(parameter, "gi");

/** Whether a parameter comes twice: some take the first, some the last. */
function repeats(value: string): boolean {
  if (value.indexOf(";") === value.lastIndexOf(";")) return false;
  const names = [...value.matchAll(eachParameter)].map(([, name = ""]) => name.toLowerCase());
  return new Set(names).size < names.length;
}
