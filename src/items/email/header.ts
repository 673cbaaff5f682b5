/** Header fields of a raw mail or part (RFC 5322 2.2), and what Content-* fields say. */
import { isUtf8 } from "node:buffer";
import libmime from "libmime";
import addressparser from "nodemailer/lib/addressparser/index.js";
import { Recurring } from "../../kit/recurring.ts";
import {
  maxAddresses,
  maxFieldBytes,
  maxFields,
  maxNameBlanks,
  maxNameBytes,
  recurringValues,
} from "./limits.ts";
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
  /** Whether every line is of a field, `maxFields` at the most, whose name stands at its colon, and an empty one ends it. */
  readonly isRegular: boolean;
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;

/**
 * Reads the header at the beginning of a range, of all its fields or of those that are wanted. Lines that are no fields
 * are passed over.
 */
export function readHeader(bytes: Buffer, range: Range, wanted?: ReadonlySet<string>): Header {
  const fields = new Map<string, string[]>();
  const isMarked = hasByteOrderMark(bytes, range.start);
  let at = range.start + (isMarked ? 3 : 0);
  let count = 0;
  let isRegular = !isMarked;
  while (at < range.end) {
    const next = lineEnd(bytes, at, range.end);
    if (isEmptyLine(bytes, at, next)) return { fields, bodyStart: next, isRegular };
    const end = foldedEnd(bytes, next, range.end);
    const colon = colonOf(bytes, at, end);
    if (colon === -1 && count === 0 && !isEnvelopeLine(bytes, at)) break;
    const isTaken = colon !== -1 && count < maxFields;
    if (isTaken) take(fields, { bytes, start: at, colon, end }, wanted);
    if (!isTaken || isBlank(bytes[colon - 1])) isRegular = false;
    count++;
    at = end;
  }
  // No header at all: everything is body.
  return { fields, bodyStart: count === 0 ? range.start : at, isRegular: false };
}

/** A field where it stands. */
interface FieldAt extends Range {
  readonly bytes: Buffer;
  readonly colon: number;
}

function take(
  fields: Map<string, string[]>,
  field: FieldAt,
  wanted: ReadonlySet<string> | undefined,
): void {
  const { bytes, start, colon } = field;
  const name = bytes.toString("latin1", start, colon).trimEnd().toLowerCase();
  if (wanted?.has(name) === false) return;
  const values = fields.get(name);
  if (values === undefined) fields.set(name, [valueOf(field)]);
  else values.push(valueOf(field));
}

/** A line of a header is short: a call of `indexOf` for each costs more than to look at its octets. */
const shortLineBytes = 1024;

/** Behind the line feed that ends the line at `at`. */
export function lineEnd(bytes: Buffer, at: number, end: number): number {
  const short = Math.min(end, at + shortLineBytes);
  for (let index = at; index < short; index++) if (bytes[index] === lineFeed) return index + 1;
  // Within the range only: searching on to the end of the mail for each part would be quadratic.
  const found = bytes.subarray(short, end).indexOf(lineFeed);
  return found === -1 ? end : short + found + 1;
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
  while (at < end && isBlank(bytes[at])) at = lineEnd(bytes, at, end);
  return at;
}

/** "From sender date": the first line of a mail in an mbox file. */
function isEnvelopeLine(bytes: Buffer, at: number): boolean {
  return /^>?From /.test(bytes.toString("latin1", at, at + 6));
}

const colonCode = 0x3a;

/** The colon behind a field's name (RFC 5322 2.2) and a few blanks; -1: the line is no field. */
function colonOf(bytes: Buffer, start: number, end: number): number {
  let at = start;
  while (at < end && at - start < maxNameBytes && isOfName(bytes[at])) at++;
  const nameEnd = at;
  while (at < end && at - nameEnd < maxNameBlanks && isBlank(bytes[at])) at++;
  return nameEnd > start && bytes[at] === colonCode && at < end ? at : -1;
}

function isOfName(octet = 0): boolean {
  return octet > 0x20 && octet < 0x7f && octet !== colonCode;
}

function isBlank(octet: number | undefined): boolean {
  return octet === 0x20 || octet === 0x09;
}

function valueOf({ bytes, start, colon, end }: FieldAt): string {
  const [from, to] = [colon + 1, Math.min(end, start + maxFieldBytes)];
  const latin1 = bytes.toString("latin1", from, to);
  const isAscii = !/[\u0080-\u00ff]/.test(latin1);
  const value =
    isAscii || !isUtf8(bytes.subarray(from, to)) ? latin1 : bytes.toString("utf8", from, to);
  return value.includes("\n") ? value.replace(/\r?\n[ \t]*/g, " ").trim() : value.trim();
}

/** The first value of a field, or "". */
export function firstValue(header: Header, name: string): string {
  return header.fields.get(name)?.[0] ?? "";
}

/** Unstructured text with its encoded words decoded (RFC 2047). */
export function decodedText(value: string): string {
  // Most have none, and libmime looks for them five times over.
  return value.includes("=?") ? libmime.decodeWords(value) : value;
}

/** A value with parameters. */
interface Structured {
  readonly value: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** A value with parameters, such as Content-Type; RFC 2231 and encoded words are decoded. */
export function structured(value: string): Structured {
  // Each multipart has a boundary of its own.
  return value.includes("boundary") ? readStructured(value) : structuredValues.of(value);
}

const structuredValues = new Recurring(readStructured, recurringValues);

function readStructured(value: string): Structured {
  const parsed = libmime.parseHeaderValue(value);
  const entries = Object.entries(parsed.params).map(([name, parameter]) => [
    name.toLowerCase(),
    parameter.includes("=?") ? decodedText(parameter) : parameter,
  ]);
  return { value: parsed.value.trim().toLowerCase(), parameters: Object.fromEntries(entries) };
}

/** The mailboxes of an address field, groups flattened; names are decoded after the split. */
export function addressesOf(header: Header, name: string): readonly Address[] {
  const [first, ...more] = header.fields.get(name) ?? [];
  let found = first === undefined ? [] : addressLists.of(first);
  for (const value of more) {
    if (found.length >= maxAddresses) break;
    found = [...found, ...addressLists.of(value)].slice(0, maxAddresses);
  }
  return found;
}

const addressLists = new Recurring(readAddresses, recurringValues);

function readAddresses(value: string): readonly Address[] {
  const found = addressparser(value, { flatten: true }).slice(0, maxAddresses);
  return found.flatMap((each) => {
    const address = { name: decodedText(each.name), address: each.address };
    return address.name === "" && address.address === "" ? [] : [address];
  });
}

/** Message-ids in angle brackets, without them. */
export function messageIds(value: string): readonly string[] {
  if (!value.includes("<")) return [];
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
