/** Header fields of a raw mail or part (RFC 5322 2.2), and what Content-* fields say. */
import { isUtf8 } from "node:buffer";
import libmime from "libmime";
import addressparser from "nodemailer/lib/addressparser/index.js";
import { maxAddresses, maxFieldBytes, maxFields } from "./limits.ts";
import type { Address } from "./message.ts";

/** A stretch of a mail's bytes; `end` is exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** Fields by lower-case name, unfolded, in their order; encoded words are not decoded. */
export interface Header {
  readonly fields: ReadonlyMap<string, readonly string[]>;
  /** Where the body begins. */
  readonly bodyStart: number;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/** Reads the header at the beginning of a range. Lines that are no fields are passed over. */
export function readHeader(bytes: Buffer, range: Range): Header {
  const fields = new Map<string, string[]>();
  let at = range.start + (hasByteOrderMark(bytes, range.start) ? 3 : 0);
  let count = 0;
  while (at < range.end) {
    const next = lineEnd(bytes, at, range.end);
    if (isEmptyLine(bytes, at, next)) return { fields, bodyStart: next };
    const end = foldedEnd(bytes, next, range.end);
    const field = count < maxFields ? readField(bytes, { start: at, end }) : undefined;
    if (field === undefined && count === 0 && !isEnvelopeLine(bytes, at)) break;
    count++;
    if (field !== undefined) add(fields, field);
    at = end;
  }
  // No header at all: everything is body.
  return { fields, bodyStart: count === 0 ? range.start : at };
}

function add(fields: Map<string, string[]>, field: { name: string; value: string }): void {
  const values = fields.get(field.name);
  if (values === undefined) fields.set(field.name, [field.value]);
  else values.push(field.value);
}

/** Behind the line feed that ends the line at `at`. */
export function lineEnd(bytes: Buffer, at: number, end: number): number {
  // Within the range only: searching on to the end of the mail for each part would be quadratic.
  const found = bytes.subarray(at, end).indexOf(lineFeed);
  return found === -1 ? end : at + found + 1;
}

/** Files saved as UTF-8 may begin with one. */
function hasByteOrderMark(bytes: Buffer, at: number): boolean {
  return bytes[at] === 0xef && bytes[at + 1] === 0xbb && bytes[at + 2] === 0xbf;
}

function isEmptyLine(bytes: Buffer, at: number, next: number): boolean {
  return bytes[at] === lineFeed || (bytes[at] === carriageReturn && next - at === 2);
}

/** Lines that begin with a blank go on with the field before them. */
function foldedEnd(bytes: Buffer, from: number, end: number): number {
  let at = from;
  while (at < end && (bytes[at] === 0x20 || bytes[at] === 0x09)) at = lineEnd(bytes, at, end);
  return at;
}

/** "From sender date": the first line of a mail in an mbox file. */
function isEnvelopeLine(bytes: Buffer, at: number): boolean {
  return /^>?From /.test(bytes.toString("latin1", at, at + 6));
}

function readField(bytes: Buffer, range: Range): { name: string; value: string } | undefined {
  const raw = bytes.subarray(range.start, Math.min(range.end, range.start + maxFieldBytes));
  const line = raw.toString(isUtf8(raw) ? "utf8" : "latin1");
  const name = /^[!-9;-~]{1,200}(?=[ \t]{0,20}:)/.exec(line)?.[0];
  if (name === undefined) return undefined;
  const value = line.slice(line.indexOf(":") + 1).replace(/\r?\n[ \t]*/g, " ");
  return { name: name.toLowerCase(), value: value.trim() };
}

/** The first value of a field, or "". */
export function firstValue(header: Header, name: string): string {
  return header.fields.get(name)?.[0] ?? "";
}

/** Unstructured text with its encoded words decoded (RFC 2047). */
export function decodedText(value: string): string {
  return libmime.decodeWords(value);
}

/** A value with parameters, such as Content-Type; RFC 2231 and encoded words are decoded. */
export function structured(value: string): {
  readonly value: string;
  readonly parameters: Readonly<Record<string, string>>;
} {
  const parsed = libmime.parseHeaderValue(value);
  const entries = Object.entries(parsed.params).map(([name, parameter]) => [
    name.toLowerCase(),
    parameter.includes("=?") ? decodedText(parameter) : parameter,
  ]);
  return { value: parsed.value.trim().toLowerCase(), parameters: Object.fromEntries(entries) };
}

/** The mailboxes of an address field, groups flattened; names are decoded after the split. */
export function addressesOf(header: Header, name: string): readonly Address[] {
  const values = header.fields.get(name) ?? [];
  const found = values.flatMap((value) => addressparser(value, { flatten: true }));
  return found.slice(0, maxAddresses).flatMap((each) => {
    const address = { name: decodedText(each.name), address: each.address };
    return address.name === "" && address.address === "" ? [] : [address];
  });
}

/** Message-ids in angle brackets, without them. */
export function messageIds(value: string): readonly string[] {
  return [...value.matchAll(/<([^<>\s]{1,998})>/g)].flatMap((match) => match[1] ?? []);
}

/** The moment of a Date field; one without a zone is read as UTC, nonsense is undefined. */
export function dateOf(value: string): Date | undefined {
  const plain = value.replace(/\([^()]{0,200}\)/g, " ").trim();
  // Two numbers at least: Date would take the zone alone for a date.
  if (!/\d\D+\d/.test(plain)) return undefined;
  const hasZone = /(?:[+-]\d{4}|\b[A-Z]{1,5})$/i.test(plain);
  const date = new Date(hasZone ? plain : `${plain} +0000`);
  return Number.isNaN(date.getTime()) ? undefined : date;
}
