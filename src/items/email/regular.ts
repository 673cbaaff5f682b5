/**
 * Header values that every reader understands alike. What is written otherwise libraries and servers read as each
 * thinks best.
 */
import type { Header } from "./header.ts";

/** Fields of addresses in an envelope. */
const addressFields = ["from", "sender", "reply-to", "to", "cc", "bcc"];

/** Mailboxes with a name of words or in quotes, or without; no groups, comments or routes (RFC 5322 3.4). */
const addressList = listOf(
  String.raw` ?(?:"(?:[^"\\]|\\.)*" ?|[^<>@,;:\\"()[\]]*)<[^\s<>@,;:\\"()[\]]+@[^\s<>@,;:\\"()[\]]+> ?`,
  String.raw` ?[^\s<>@,;:\\"()[\]]+@[^\s<>@,;:\\"()[\]]+ ?`,
);

function listOf(...forms: readonly string[]): RegExp {
  const one = `(?:${forms.join("|")})`;
  return new RegExp(`^${one}(?:,${one})*$`);
}

/** A type, subtype or disposition, and a parameter's name or value (RFC 2045 5.1, RFC 6838 4.2). */
const word = String.raw`[\w!#$&^.+-]+`;

const token = String.raw`[^\s()<>@,;:\\"/[\]?=]+`;
const parameters = String.raw`(?: ?; ?${token}=(?:${token}|"(?:[^"\\]|\\.)*"))* ?;?`;

/** Fields of a value with parameters, and what it looks like. */
const structuredFields: readonly (readonly [name: string, form: RegExp])[] = [
  ["content-type", new RegExp(`^${word}/${word}${parameters}$`)],
  ["content-disposition", new RegExp(`^${word}${parameters}$`)],
];

/** Whether its addresses can be read in one way only. */
export function hasRegularAddresses({ fields }: Header): boolean {
  return addressFields.every((name) => isOnce(fields.get(name), addressList));
}

/** Whether its type and disposition, if they are told, can be read in one way only. */
export function hasRegularContent({ fields }: Header): boolean {
  return structuredFields.every(([name, form]) => isOnce(fields.get(name), form));
}

function isOnce(values: readonly string[] | undefined, form: RegExp): boolean {
  if (values === undefined) return true;
  return values.length === 1 && values.every((value) => form.test(value));
}
