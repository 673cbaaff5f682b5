/**
 * A raw mail taken apart as an IMAP server does it (RFC 3501 6.4.5, 7.4.2): envelope, structure, and the
 * bytes of each section as they are. For stores that hold whole mails, for small mails that are fetched whole, and
 * for embedded messages; what its header says also for mails of which the header alone was fetched.
 */
import { envelopeOf } from "./envelope.ts";
import {
  decodedText,
  firstValue,
  lineEnd,
  messageIds,
  readHeader,
  structured,
  type Header,
  type Range,
} from "./header.ts";
import { keptReferences, maxBoundaryLength, maxPartDepth, maxParts } from "./limits.ts";
import type { MailItem, Part } from "./message.ts";
import { hasRegularContent } from "./regular.ts";

/** What a raw mail says of itself, and its parts. */
export interface ParsedMessage extends Pick<
  MailItem,
  "envelope" | "structure" | "references" | "headers"
> {
  /** Whether every server finds the same parts: none is cut off, a message, or of a type that can be read in two ways. */
  readonly isRegular: boolean;
  /**
   * The wire octets of a section ("" is the whole mail, "1.MIME" the header of a part, "HEADER" and "TEXT" those of
   * the mail); undefined when there is no such section.
   */
  part(section: string): Buffer | undefined;
}

/** Header fields that a mapping reads beside the envelope. */
export const keptHeaders = [
  "importance",
  "x-priority",
  "x-msmail-priority",
  "priority",
  "thread-topic",
  "thread-index",
  "content-class",
  "auto-submitted",
] as const;

/**
 * Takes a mail apart. Never throws: what cannot be taken apart stays one readable part; limits on
 * depth and number of parts leave the rest in the last part.
 */
export function parseMessage(bytes: Buffer): ParsedMessage {
  const walker = new Walker(bytes);
  const whole = { start: 0, end: bytes.length };
  const { header, part } = walker.message(whole, "", 0);
  walker.noteMail(header);
  return {
    ...headOf(header),
    structure: part,
    isRegular: walker.isRegular,
    part: (section) => (section === "" ? bytes : walker.bytesOf(section)),
  };
}

const envelopeFields =
  "from sender reply-to to cc bcc subject date message-id in-reply-to references".split(" ");

/** All fields that `headOf` reads. */
export const headFields: readonly string[] = [...envelopeFields, ...keptHeaders];

/** What the header of a mail says of it. */
export function headOf(header: Header): Pick<MailItem, "envelope" | "references" | "headers"> {
  const kept = keptHeaders.filter((name) => header.fields.has(name));
  return {
    envelope: envelopeOf(header),
    references: boundedReferences(messageIds(firstValue(header, "references"))),
    headers: Object.fromEntries(kept.map((name) => [name, decodedText(firstValue(header, name))])),
  };
}

/** The first begins the conversation, the last are the nearest (RFC 5322 3.6.4). */
function boundedReferences(ids: readonly string[]): readonly string[] {
  if (ids.length <= keptReferences) return ids;
  return [...ids.slice(0, 1), ...ids.slice(1 - keptReferences)];
}

const contentFields =
  "content-type content-transfer-encoding content-disposition content-id content-location".split(
    " ",
  );

/** All fields that are read of a mail and its parts. */
const readFields: ReadonlySet<string> = new Set([...headFields, ...contentFields]);

interface Entity {
  /** Where its header begins. */
  readonly start: number;
  readonly header: Header;
  readonly body: Range;
  readonly section: string;
  readonly depth: number;
  /** What its Content-Type says. */
  readonly content: Content;
}

/** The section of an entity's header is its own with this behind it (RFC 3501 6.4.5). */
const ofHeader = ".MIME";

/** Where an entity stands in its mail. */
type Place = Pick<Entity, "section" | "depth">;

class Walker {
  readonly #bytes: Buffer;
  readonly #places = new Map<string, Pick<Entity, "start" | "body">>();
  #bodyStart = 0;
  #parts = 0;
  isRegular = true;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  bytesOf(section: string): Buffer | undefined {
    if (section === "HEADER") return this.#bytes.subarray(0, this.#bodyStart);
    if (section === "TEXT") return this.#bytes.subarray(this.#bodyStart);
    const isHeader = section.endsWith(ofHeader);
    const place = this.#places.get(isHeader ? section.slice(0, -ofHeader.length) : section);
    if (place === undefined) return undefined;
    const { start, body } = place;
    return isHeader
      ? this.#bytes.subarray(start, body.start)
      : this.#bytes.subarray(body.start, body.end);
  }

  noteMail({ bodyStart }: Header): void {
    this.#bodyStart = bodyStart;
  }

  /** A whole message: its only part is `prefix`.1, the parts of its multipart are `prefix`.1, .2 … */
  message(range: Range, prefix: string, depth: number): { header: Header; part: Part } {
    const entity = this.#read(range, "text/plain", { section: prefix, depth });
    const { header } = entity;
    const part = this.#multipart(entity) ?? this.#leaf({ ...entity, section: below(prefix, 1) });
    return { header, part };
  }

  #entity(range: Range, defaultType: string, place: Place): Part {
    const entity = this.#read(range, defaultType, place);
    return this.#multipart(entity) ?? this.#leaf(entity);
  }

  #read(range: Range, defaultType: string, place: Place): Entity {
    const header = readHeader(this.#bytes, range, readFields);
    if (!header.isRegular || !hasRegularContent(header)) this.isRegular = false;
    if (this.#hasLoneReturn(range.start, header.bodyStart)) this.isRegular = false;
    const body = { start: header.bodyStart, end: range.end };
    const content = contentType({ header, defaultType });
    const { section, depth } = place;
    return { start: range.start, header, body, section, depth, content };
  }

  /** A carriage return alone is a line's end to some readers. */
  #hasLoneReturn(start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      if (this.#bytes[at] === 0x0d && this.#bytes[at + 1] !== 0x0a) return true;
    }
    return false;
  }

  /** Undefined when the entity is no multipart, or one without any part: then it is shown as text. */
  #multipart(entity: Entity): Part | undefined {
    const { content } = entity;
    const boundary = content.parameters["boundary"] ?? "";
    if (content.type !== "multipart" || boundary === "" || entity.depth >= maxPartDepth)
      return undefined;
    if (boundary.length > maxBoundaryLength) this.isRegular = false;
    const ranges = this.#split(entity.body, boundary);
    if (ranges.length === 0) return undefined;
    const defaultType = content.subtype === "digest" ? "message/rfc822" : "text/plain";
    const children = ranges.map((range, at) => {
      const section = below(entity.section, at + 1);
      return this.#entity(range, defaultType, { section, depth: entity.depth + 1 });
    });
    if (entity.section !== "") this.#note(entity);
    return partOf(described(entity), content, children);
  }

  #leaf(entity: Entity): Part {
    this.#note(entity);
    const { content } = entity;
    const isMessage = content.type === "message" && /^(rfc822|global|news)$/.test(content.subtype);
    if (content.type === "message" || content.type === "multipart") this.isRegular = false;
    const isPlain = /^(|7bit|8bit|binary)$/.test(encodingOf(entity.header));
    if (!isMessage || !isPlain || entity.depth >= maxPartDepth) {
      return partOf(described(entity), content.type === "multipart" ? readable : content, []);
    }
    const { header, part } = this.message(entity.body, entity.section, entity.depth + 1);
    return { ...partOf(described(entity), content, [part]), envelope: envelopeOf(header) };
  }

  /** The wrapper of an embedded message keeps its section; the multipart inside has the same one. */
  #note(entity: Entity): void {
    const { section, start, body } = entity;
    if (!this.#places.has(section)) this.#places.set(section, { start, body });
  }

  /** The ranges between the delimiter lines of a multipart (RFC 2046 5.1.1). */
  #split(body: Range, boundary: string): readonly Range[] {
    const ranges: Range[] = [];
    let start: number | undefined;
    for (const line of this.#delimiters(body, boundary)) {
      if (!line.isLast && this.#parts >= maxParts) break;
      if (start !== undefined) ranges.push({ start, end: Math.max(start, line.before) });
      start = line.isLast ? undefined : line.after;
      if (!line.isLast) this.#parts++;
    }
    // A multipart that breaks off: its last part goes to the end.
    if (start !== undefined) {
      ranges.push({ start, end: body.end });
      this.isRegular = false;
    }
    return ranges;
  }

  /** Up to the last; what more begins like one is a delimiter too for some servers. */
  *#delimiters(body: Range, boundary: string): Generator<Delimiter> {
    let isClosed = false;
    for (const line of delimiters(this.#bytes, body, boundary)) {
      if (isClosed || !line.isAlone) this.isRegular = false;
      if (isClosed) return;
      if (line.isAlone) yield line;
      isClosed = line.isAlone && line.isLast;
    }
  }
}

interface Delimiter {
  /** Where the part before it ends: the line break belongs to the delimiter. */
  readonly before: number;
  readonly after: number;
  readonly isLast: boolean;
  /** Whether nothing else is in its line. */
  readonly isAlone: boolean;
}

function* delimiters(bytes: Buffer, body: Range, boundary: string): Generator<Delimiter> {
  const mark = Buffer.from(`--${boundary}`);
  // Within the body only: searching on to the end of the mail for each part would be quadratic.
  const range = bytes.subarray(0, body.end);
  let at = range.indexOf(mark, body.start);
  while (at !== -1) {
    const after = lineEnd(bytes, at, body.end);
    const rest = bytes.toString(
      "latin1",
      at + mark.length,
      Math.min(after, at + mark.length + 200),
    );
    const atLineStart = at === body.start || bytes[at - 1] === 0x0a;
    if (atLineStart) {
      const isAlone = /^(?:--)?[ \t\r\n]*$/.test(rest);
      yield { before: breakStart(bytes, at), after, isLast: rest.startsWith("--"), isAlone };
    }
    at = range.indexOf(mark, at + mark.length);
  }
}

function breakStart(bytes: Buffer, at: number): number {
  if (bytes[at - 1] !== 0x0a) return at;
  return bytes[at - 2] === 0x0d ? at - 2 : at - 1;
}

function below(prefix: string, number: number): string {
  return prefix === "" ? String(number) : `${prefix}.${number}`;
}

/** What Content-Type says. */
export interface Content {
  readonly type: string;
  readonly subtype: string;
  readonly parameters: Readonly<Record<string, string>>;
}

/** What a multipart without a usable boundary is shown as. */
export const readable: Content = { type: "text", subtype: "plain", parameters: {} };

/** Content-Type; one that breaks the syntax is text/plain (RFC 2045 5.2). */
export function contentType({
  header,
  defaultType,
}: Pick<Entity, "header"> & {
  /** What an entity without the field is. */
  readonly defaultType: string;
}): Content {
  const named = firstValue(header, "content-type");
  const { value, parameters } = structured(named === "" ? defaultType : named);
  const match = /^([^/\s]+)\/([^/\s;]+)$/.exec(value);
  if (match?.[1] !== undefined && match[2] !== undefined) {
    return { type: match[1], subtype: match[2], parameters };
  }
  return value === "text" || value === "" ? { ...readable, parameters } : readable;
}

function encodingOf(header: Header): string {
  const value = firstValue(header, "content-transfer-encoding").replace(/\([^()]*\)/g, "");
  return value.trim().replace(/^"|"$/g, "").toLowerCase();
}

function described({ header, body, section }: Entity): Described {
  return { header, section, sizeBytes: body.end - body.start };
}

/** An entity as far as its part tells of it. */
export type Described = Pick<Entity, "header" | "section"> & Pick<Part, "sizeBytes">;

/** The part that an entity is. */
export function partOf(entity: Described, content: Content, children: readonly Part[]): Part {
  const { header, sizeBytes, section } = entity;
  const disposition = structured(firstValue(header, "content-disposition"));
  return {
    section,
    ...content,
    encoding: encodingOf(header) || "7bit",
    sizeBytes,
    disposition: dispositionOf(disposition.value),
    fileName: disposition.parameters["filename"] ?? content.parameters["name"] ?? "",
    contentId: firstValue(header, "content-id").replace(/^\s*<|>\s*$/g, ""),
    contentLocation: firstValue(header, "content-location").replace(/\s+/g, ""),
    children,
  };
}

/** Unknown dispositions count as attachment (RFC 2183 2.8). */
function dispositionOf(value: string): Part["disposition"] {
  return value === "" || value === "inline" ? value : "attachment";
}
