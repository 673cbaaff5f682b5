import { joined, sliceOf, type Octets, type StoredOctets } from "../kit/octets.ts";
import { INVALID_WBXML, INVALID_XML, WbxmlError } from "./error.ts";
import * as limits from "./limits.ts";
import * as t from "./tokens.ts";

/** What `next` gives at the end of an element. */
export const END_OF_ELEMENT = -1;
/** What `next` gives for an element that no code page names. */
export const UNNAMED = -2;

/** A place in the stream to come back to. */
export interface Mark {
  readonly position: number;
  readonly page: number;
  readonly elements: number;
  /** How many elements are entered and not left. */
  readonly depth: number;
}

/** Opaque data that stay where they are: from `start` to before `end` of a stored stream. */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Octets of a stored stream in memory at a time; opaque data larger than this stay where they are. */
const WINDOW_BYTES = 64 * 1024;

/**
 * Reads a WBXML stream element by element. `next` gives the number of the next child, page * 256 +
 * token; the caller enters it, reads or skips its content if it is `filled`, and leaves it.
 */
export class Reader {
  /** Whether the element that `next` found has content. */
  filled = false;
  /** Where the stream lies that is not in memory. */
  readonly #stored: StoredOctets | undefined;
  /** The stream, or the part of it that begins at `#origin`. */
  #bytes: Buffer;
  #origin = 0;
  readonly #path: string[] = [];
  #position = 0;
  #page = 0;
  #elements = 0;
  readonly #table: Buffer;
  #tableBytesUsed = 0;

  constructor(bytes: Buffer | StoredOctets) {
    this.#stored = Buffer.isBuffer(bytes) ? undefined : bytes;
    this.#bytes = Buffer.isBuffer(bytes) ? bytes : bytes.readNow(0, WINDOW_BYTES);
    this.#table = this.#header();
  }

  /** Version, public id, charset, string table (WBXML 1.3 5.1). */
  #header(): Buffer {
    const version = this.#byte();
    if (version < 1 || version > 3) throw this.broken(`version ${version} is not WBXML`);
    if (this.#integer() === 0) this.#integer();
    const charset = this.#integer();
    if (charset !== t.UTF_8 && charset !== t.US_ASCII) {
      throw this.broken(`charset ${charset} is not UTF-8`);
    }
    const tableBytes = this.#integer();
    if (this.#stored !== undefined && tableBytes > limits.MAX_TABLE_BYTES) {
      throw this.broken("the string table is too long");
    }
    return this.#take(tableBytes);
  }

  /** The fault of bytes that are no WBXML. */
  broken(fault: string): WbxmlError {
    return new WbxmlError(INVALID_WBXML, this.path, fault);
  }

  /** The fault of an element that does not follow the protocol. */
  invalid(fault: string, status = INVALID_XML): WbxmlError {
    return new WbxmlError(status, this.path, fault);
  }

  /** The elements entered and not left, outermost first. */
  get path(): string {
    return this.#path.join("/");
  }

  /** Goes into the element that `next` found. */
  enter(name: string): void {
    this.#path.push(name);
    if (this.#path.length > limits.MAX_DEPTH) throw this.broken("too deep");
  }

  /** Leaves the element entered last. */
  leave(): void {
    this.#path.pop();
  }

  /** The place to come back to after looking ahead. */
  mark(): Mark {
    return {
      position: this.#origin + this.#position,
      page: this.#page,
      elements: this.#elements,
      depth: this.#path.length,
    };
  }

  /** Goes back to a place. */
  reset(mark: Mark): void {
    this.#goTo(mark.position);
    this.#page = mark.page;
    this.#elements = mark.elements;
    this.#path.length = mark.depth;
  }

  /** The next child of the element that is being read; text between elements is passed over. */
  next(): number {
    for (;;) {
      const byte = this.#byte();
      if (byte === t.END) return END_OF_ELEMENT;
      if (byte === t.SWITCH_PAGE) this.#page = this.#byte();
      else if ((byte & t.TOKEN) > t.LITERAL) return this.#tag(byte);
      else if ((byte & t.TOKEN) === t.LITERAL) return this.#literal(byte);
      else this.#passGlobal(byte);
    }
  }

  #tag(byte: number): number {
    this.#open(byte);
    return this.#page * 256 + (byte & t.TOKEN);
  }

  #literal(byte: number): number {
    this.#integer();
    this.#open(byte);
    return UNNAMED;
  }

  #open(byte: number): void {
    this.#elements++;
    if (this.#elements > limits.MAX_ELEMENTS) throw this.broken("too many elements");
    if ((byte & t.HAS_ATTRIBUTES) !== 0) this.#passAttributes();
    this.filled = (byte & t.HAS_CONTENT) !== 0;
  }

  /** Passes over the rest of an element that was entered and is filled. */
  skip(): void {
    let depth = 1;
    while (depth > 0) {
      if (this.next() === END_OF_ELEMENT) depth--;
      else if (this.filled) depth++;
      if (depth > limits.MAX_DEPTH) throw this.broken("too deep");
    }
  }

  /** Whether the content of a filled element begins with text. */
  atText(): boolean {
    const byte = this.#peek();
    return byte === t.STR_I || byte === t.STR_T || byte === t.OPAQUE || byte === t.ENTITY;
  }

  /** Whether the content of a filled element begins with opaque data. */
  atOpaque(): boolean {
    return this.#peek() === t.OPAQUE;
  }

  /** The content of a filled element as a string, to its end. */
  text(): string {
    if (this.#peek() === t.STR_I) {
      const end = this.#endOfString(1);
      const start = this.#position + 1;
      if (this.#bytes[end + 1] === t.END) {
        this.#position = end + 2;
        return decodeUtf8(this.#bytes, start, end);
      }
    }
    return this.bytes().toString("utf8");
  }

  /** The content of a filled element as bytes, to its end; elements in it are passed over. */
  bytes(): Buffer {
    const pieces = this.#pieces().map((piece) =>
      Buffer.isBuffer(piece) ? piece : this.#whole.readNow(piece.start, piece.end),
    );
    const [only] = pieces;
    return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
  }

  /** The same, but large opaque data of a stored stream stay where they are. */
  octets(): Buffer | Octets {
    const pieces = this.#pieces().map((piece) =>
      Buffer.isBuffer(piece) ? piece : sliceOf(this.#whole, piece.start, piece.end),
    );
    const [only] = pieces;
    if (pieces.length === 1 && only !== undefined) return only;
    const inMemory = pieces.filter((piece) => Buffer.isBuffer(piece));
    return inMemory.length === pieces.length ? Buffer.concat(inMemory) : joined(pieces);
  }

  get #whole(): StoredOctets {
    if (this.#stored === undefined) throw new Error("the stream is in memory");
    return this.#stored;
  }

  #pieces(): (Buffer | Stretch)[] {
    const pieces: (Buffer | Stretch)[] = [];
    for (;;) {
      const byte = this.#byte();
      if (byte === t.END) break;
      if (byte === t.SWITCH_PAGE) this.#page = this.#byte();
      else if ((byte & t.TOKEN) > t.LITERAL) this.#passTag(byte);
      else if ((byte & t.TOKEN) === t.LITERAL) this.#passLiteral(byte);
      else pieces.push(this.#passGlobal(byte));
    }
    return pieces;
  }

  #passTag(byte: number): void {
    this.#tag(byte);
    if (this.filled) this.skip();
  }

  #passLiteral(byte: number): void {
    this.#literal(byte);
    if (this.filled) this.skip();
  }

  /** Reads a global token that is no element; gives the text that it stands for. */
  #passGlobal(byte: number): Buffer | Stretch {
    if (byte === t.STR_I) return this.#inlineString();
    if (byte === t.OPAQUE) return this.#opaque();
    if (byte === t.STR_T) return this.#tableString();
    if (byte === t.ENTITY) return this.#entity();
    if (byte === t.PI) this.#passAttributes();
    else if (byte >= t.EXT_I_0 && byte < t.PI) this.#inlineString();
    else if (byte >= t.EXT_T_0 && byte < t.STR_T) this.#integer();
    return Buffer.alloc(0);
  }

  /** Attributes and processing instructions have no meaning here (MS-ASWBXML 2.1.3). */
  #passAttributes(): void {
    for (;;) {
      const byte = this.#byte();
      if (byte === t.END) return;
      if (byte === t.SWITCH_PAGE) this.#byte();
      else if ((byte & t.TOKEN) === t.LITERAL) this.#integer();
      else if ((byte & t.TOKEN) < t.LITERAL && byte !== t.PI) this.#passGlobal(byte);
    }
  }

  #inlineString(): Buffer {
    const end = this.#endOfString(0);
    const text = this.#bytes.subarray(this.#position, end);
    this.#position = end + 1;
    return text;
  }

  /** Where in `#bytes` the string ends that begins so many bytes on. */
  #endOfString(ahead: number): number {
    let end = this.#bytes.indexOf(0, this.#position + ahead);
    for (let size = WINDOW_BYTES; end < 0 && this.#load(size); size *= 2) {
      end = this.#bytes.indexOf(0, ahead);
      if (size > limits.MAX_STRING_BYTES) break;
    }
    if (end < 0) throw this.broken("a string does not end");
    if (end - this.#position - ahead > limits.MAX_STRING_BYTES) {
      throw this.broken("a string is too long");
    }
    return end;
  }

  #opaque(): Buffer | Stretch {
    const length = this.#integer();
    if (length > limits.MAX_OPAQUE_BYTES) throw this.broken("opaque data is too long");
    if (this.#stored === undefined || length <= WINDOW_BYTES) return this.#take(length);
    const start = this.#origin + this.#position;
    if (start + length > this.#stored.sizeBytes) throw this.broken("the data end too early");
    this.#goTo(start + length);
    return { start, end: start + length };
  }

  #tableString(): Buffer {
    const start = this.#integer();
    const end = this.#table.indexOf(0, start);
    if (end < 0) throw this.broken("a string is not in the table");
    this.#tableBytesUsed += end - start;
    if (this.#tableBytesUsed > limits.MAX_TABLE_BYTES) throw this.broken("too much from the table");
    return this.#table.subarray(start, end);
  }

  #entity(): Buffer {
    const code = this.#integer();
    const surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code > 0x10ffff || surrogate) throw this.broken(`entity ${code} is no character`);
    return Buffer.from(String.fromCodePoint(code));
  }

  #byte(): number {
    const byte = this.#bytes[this.#position] ?? this.#peek();
    if (byte === undefined) throw this.broken("the data end too early");
    this.#position++;
    return byte;
  }

  /** The byte that comes next, if any. */
  #peek(): number | undefined {
    if (this.#position === this.#bytes.length) this.#load(WINDOW_BYTES);
    return this.#bytes[this.#position];
  }

  /** A multi-byte integer (WBXML 1.3 5.1): 7 bits a byte, at most 32 bits. */
  #integer(): number {
    let value = 0;
    for (let count = 0; count < 5; count++) {
      const byte = this.#byte();
      value = value * 128 + (byte & 0x7f);
      if (value > 0xffffffff) break;
      if (byte < 0x80) return value;
    }
    throw this.broken("an integer is too large");
  }

  /** The bytes that come next. */
  #take(length: number): Buffer {
    if (this.#position + length > this.#bytes.length) this.#load(Math.max(length, WINDOW_BYTES));
    const start = this.#position;
    if (start + length > this.#bytes.length) throw this.broken("the data end too early");
    this.#position += length;
    return this.#bytes.subarray(start, start + length);
  }

  /** Reads on in a stored stream, so many bytes from here; false where there are no more than are here. */
  #load(size: number): boolean {
    const start = this.#origin + this.#position;
    const known = this.#bytes.length - this.#position;
    if (this.#stored === undefined || this.#stored.sizeBytes - start <= known) return false;
    this.#bytes = this.#stored.readNow(start, start + size);
    this.#origin = start;
    this.#position = 0;
    return true;
  }

  #goTo(place: number): void {
    this.#position = place - this.#origin;
    if (this.#position >= 0 && this.#position <= this.#bytes.length) return;
    this.#bytes = this.#stored?.readNow(place, place + WINDOW_BYTES) ?? this.#bytes;
    this.#origin = place;
    this.#position = 0;
  }
}

/** Below this many bytes a loop is faster than a call out of JavaScript. */
const SHORT = 32;

function decodeUtf8(bytes: Buffer, start: number, end: number): string {
  if (end - start >= SHORT) return bytes.toString("utf8", start, end);
  let text = "";
  for (let position = start; position < end; position++) {
    const byte = bytes[position] ?? 0;
    if (byte >= 0x80) return bytes.toString("utf8", start, end);
    text += String.fromCharCode(byte);
  }
  return text;
}
