/**
 * The outline of a mail that may be too large for memory: one reading finds its parts and where they stand,
 * so that it can be changed in one place and kept octet by octet in all others.
 */
import type { Octets } from "../../kit/octets.ts";
import { readHeader } from "./header.ts";
import { maxOutlineHeaderBytes, maxPartDepth, maxParts } from "./limits.ts";
import type { Part } from "./message.ts";
import { contentType, partOf, readable } from "./mime.ts";

/** An entity of a mail: header, then body. Embedded messages are not looked into. */
export interface Outline {
  /** Sections are those of the whole mail, as an IMAP server numbers them. */
  readonly part: Part;
  /** The octets of the header with its empty line. */
  readonly header: Buffer;
  readonly start: number;
  readonly bodyStart: number;
  readonly end: number;
  /** Of a multipart; "" for all others. */
  readonly boundary: string;
  /** False for a multipart that breaks off. */
  readonly closed: boolean;
  readonly children: readonly Outline[];
}

/** Reads a mail's outline. Never throws for odd mail: what cannot be taken apart stays one part. */
export async function outlineOf(mail: Octets): Promise<Outline> {
  const reading = new Reading();
  for await (const piece of mail.stream()) reading.take(piece);
  return reading.end();
}

const lineFeed = 0x0a;
const carriageReturn = 0x0d;
const dash = 0x2d;

/** Octets of a body's line that are looked at: a boundary has up to 70. */
const lookAtBytes = 256;

interface Line {
  readonly start: number;
  readonly end: number;
  /** The line, of a long one in a body its beginning. */
  readonly octets: Buffer;
}

class Reading {
  readonly #open: Opened[] = [
    new Opened({ start: 0, place: "", depth: 0, defaultType: "text/plain" }),
  ];
  #parts = 0;
  #at = 0;
  /** The beginning of a line whose end has not come yet. */
  #held: Buffer = Buffer.alloc(0);
  #lineStart = 0;
  /** Octets of the line break before the present line: they belong to a delimiter. */
  #breakBytes = 0;

  take(piece: Buffer): void {
    let from = 0;
    for (let feed = piece.indexOf(lineFeed); feed !== -1; feed = piece.indexOf(lineFeed, from)) {
      this.#hold(piece.subarray(from, feed + 1));
      this.#at += feed + 1 - from;
      from = feed + 1;
      const isPair = this.#held.at(-2) === carriageReturn;
      this.#endLine(isPair ? 2 : 1);
    }
    this.#hold(piece.subarray(from));
    this.#at += piece.length - from;
  }

  end(): Outline {
    if (this.#at > this.#lineStart) this.#endLine(0);
    this.#closeTo(0, this.#at);
    const [root] = this.#open;
    if (root === undefined) throw new Error("a mail has a root");
    return root.close(this.#at);
  }

  #hold(octets: Buffer): void {
    const room = (this.#top.inHeader ? maxOutlineHeaderBytes : lookAtBytes) - this.#held.length;
    if (room <= 0) return;
    const kept = octets.subarray(0, room);
    this.#held = this.#held.length === 0 ? kept : Buffer.concat([this.#held, kept]);
  }

  #endLine(breakBytes: number): void {
    const line = { start: this.#lineStart, end: this.#at, octets: this.#held };
    this.#held = Buffer.alloc(0);
    this.#lineStart = this.#at;
    if (!this.#takeDelimiter(line)) this.#top.take(line, breakBytes);
    this.#breakBytes = breakBytes;
  }

  get #top(): Opened {
    const top = this.#open.at(-1);
    if (top === undefined) throw new Error("a mail has a root");
    return top;
  }

  #takeDelimiter(line: Line): boolean {
    const { octets } = line;
    if (octets[0] !== dash || octets[1] !== dash) return false;
    const text = octets.toString("latin1").trimEnd();
    const found = this.#open.findLastIndex((each) => each.isDelimiter(text));
    const multipart = this.#open[found];
    if (multipart === undefined) return false;
    const isLast = text !== `--${multipart.boundary}`;
    if (!isLast && this.#parts >= maxParts) return false;
    this.#closeTo(found, line.start - this.#breakBytes);
    if (isLast) multipart.closed = true;
    else this.#begin(multipart, line.end);
    return true;
  }

  #begin(multipart: Opened, start: number): void {
    this.#parts++;
    this.#open.push(multipart.child(start));
  }

  /** Closes what is open above this place of the stack. */
  #closeTo(place: number, end: number): void {
    while (this.#open.length > place + 1) {
      const closed = this.#open.pop();
      const above = this.#open.at(-1);
      if (closed !== undefined) above?.children.push(closed.close(end));
    }
  }
}

/** An entity whose end has not come yet. */
class Opened {
  readonly children: Outline[] = [];
  boundary = "";
  closed = false;
  readonly #start: number;
  readonly #place: string;
  readonly #depth: number;
  readonly #defaultType: string;
  readonly #headerLines: Buffer[] = [];
  #headerBytes = 0;
  /** Where the line after the last one of the header begins. */
  #headerEnd: number;
  #bodyStart: number | undefined;

  constructor(of: { start: number; place: string; depth: number; defaultType: string }) {
    this.#start = of.start;
    this.#headerEnd = of.start;
    this.#place = of.place;
    this.#depth = of.depth;
    this.#defaultType = of.defaultType;
  }

  get inHeader(): boolean {
    return this.#bodyStart === undefined;
  }

  isDelimiter(text: string): boolean {
    if (this.boundary === "" || this.closed) return false;
    return text === `--${this.boundary}` || text === `--${this.boundary}--`;
  }

  take(line: Line, breakBytes: number): void {
    if (!this.inHeader) return;
    this.#headerLines.push(line.octets);
    this.#headerBytes += line.octets.length;
    this.#headerEnd = line.end;
    const isEmpty = line.end - line.start === breakBytes;
    if (isEmpty || this.#headerBytes > maxOutlineHeaderBytes) this.#endHeader();
  }

  child(start: number): Opened {
    const place = `${this.#place}${this.#place === "" ? "" : "."}${this.children.length + 1}`;
    const isDigest = contentType(this.#described()).subtype === "digest";
    const defaultType = isDigest ? "message/rfc822" : "text/plain";
    return new Opened({ start, place, depth: this.#depth + 1, defaultType });
  }

  close(wantedEnd: number): Outline {
    if (this.inHeader) this.#endHeader();
    const bodyStart = this.#bodyStart ?? this.#start;
    const end = Math.max(wantedEnd, bodyStart);
    const { header } = this.#described();
    const isMultipart = this.boundary !== "" && this.children.length > 0;
    const content = contentType(this.#described());
    const section = isMultipart || this.#place !== "" ? this.#place : "1";
    const described = { header, section, sizeBytes: end - bodyStart };
    const shown = content.type === "multipart" && !isMultipart ? readable : content;
    const parts = this.children.map((child) => child.part);
    return {
      part: partOf(described, shown, parts),
      header: this.#header().subarray(0, bodyStart - this.#start),
      start: this.#start,
      bodyStart,
      end,
      boundary: isMultipart ? this.boundary : "",
      closed: this.closed,
      children: isMultipart ? this.children : [],
    };
  }

  #header(): Buffer {
    return Buffer.concat(this.#headerLines);
  }

  #described(): Parameters<typeof contentType>[0] {
    const bytes = this.#header();
    const header = readHeader(bytes, { start: 0, end: bytes.length });
    return { header, defaultType: this.#defaultType };
  }

  #endHeader(): void {
    const described = this.#described();
    this.#bodyStart = described.header.bodyStart === 0 ? this.#start : this.#headerEnd;
    const content = contentType(described);
    const isMultipart = content.type === "multipart" && this.#depth < maxPartDepth;
    this.boundary = isMultipart ? (content.parameters["boundary"] ?? "") : "";
  }
}
