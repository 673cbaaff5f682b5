/**
 * Header values that every reader understands alike. What is written otherwise libraries and servers read as each
 * thinks best.
 */
import type { Header } from "./header.ts";

/** A type, subtype or disposition, and a parameter's name or value (RFC 2045 5.1, RFC 6838 4.2). */
const word = String.raw`[\w!#$&^.+-]+`;

const token = String.raw`[^\s()<>@,;:\\"/[\]?=]+`;
const parameters = String.raw`(?: ?; ?${token}=(?:${token}|"(?:[^"\\]|\\.)*"))* ?;?`;

/** Fields of a value with parameters, and what it looks like. */
const structuredFields: readonly (readonly [name: string, form: RegExp])[] = [
  ["content-type", new RegExp(`^${word}/${word}${parameters}$`)],
  ["content-disposition", new RegExp(`^${word}${parameters}$`)],
];

/** Whether its type and disposition, if they are told, can be read in one way only. */
export function hasRegularContent({ fields }: Header): boolean {
  return structuredFields.every(([name, form]) => isOnce(fields.get(name), form));
}

function isOnce(values: readonly string[] | undefined, form: RegExp): boolean {
  if (values === undefined) return true;
  return values.length === 1 && values.every((value) => form.test(value));
}
