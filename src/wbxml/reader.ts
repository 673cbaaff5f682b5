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
}

/**
 * Reads a WBXML stream element by element. `next` gives the number of the next child, page * 256 +
 * token; the caller enters it, reads or skips its content if it is `filled`, and leaves it.
 */
export class Reader {
  /** Whether the element that `next` found has content. */
  filled = false;
  readonly #bytes: Buffer;
  readonly #path: string[] = [];
  #position = 0;
  #page = 0;
  #elements = 0;
  #tableStart = 0;
  #tableEnd = 0;
  #tableBytesUsed = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
    this.#header();
  }

  /** Version, public id, charset, string table (WBXML 1.3 5.1). */
  #header(): void {
    const version = this.#byte();
    if (version < 1 || version > 3) throw this.broken(`version ${version} is not WBXML`);
    if (this.#integer() === 0) this.#integer();
    const charset = this.#integer();
    if (charset !== t.UTF_8 && charset !== t.US_ASCII) {
      throw this.broken(`charset ${charset} is not UTF-8`);
    }
    const tableBytes = this.#integer();
    this.#tableStart = this.#position;
    this.#advance(tableBytes);
    this.#tableEnd = this.#position;
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
    return { position: this.#position, page: this.#page, elements: this.#elements };
  }

  /** Goes back to a place. */
  reset(mark: Mark): void {
    this.#position = mark.position;
    this.#page = mark.page;
    this.#elements = mark.elements;
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
    const byte = this.#bytes[this.#position];
    return byte === t.STR_I || byte === t.STR_T || byte === t.OPAQUE || byte === t.ENTITY;
  }

  /** Whether the content of a filled element begins with opaque data. */
  atOpaque(): boolean {
    return this.#bytes[this.#position] === t.OPAQUE;
  }

  /** The content of a filled element as a string, to its end. */
  text(): string {
    const start = this.#position + 1;
    if (this.#bytes[start - 1] === t.STR_I) {
      const end = this.#endOfString(start);
      if (this.#bytes[end + 1] === t.END) {
        this.#position = end + 2;
        return decodeUtf8(this.#bytes, start, end);
      }
    }
    return this.bytes().toString("utf8");
  }

  /** The content of a filled element as bytes, to its end; elements in it are passed over. */
  bytes(): Buffer {
    const pieces: Buffer[] = [];
    for (;;) {
      const byte = this.#byte();
      if (byte === t.END) break;
      if (byte === t.SWITCH_PAGE) this.#page = this.#byte();
      else if ((byte & t.TOKEN) > t.LITERAL) this.#passTag(byte);
      else if ((byte & t.TOKEN) === t.LITERAL) this.#passLiteral(byte);
      else pieces.push(this.#passGlobal(byte));
    }
    const [only] = pieces;
    return pieces.length === 1 && only !== undefined ? only : Buffer.concat(pieces);
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
  #passGlobal(byte: number): Buffer {
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
    const start = this.#position;
    const end = this.#endOfString(start);
    this.#position = end + 1;
    return this.#bytes.subarray(start, end);
  }

  #endOfString(start: number): number {
    const end = this.#bytes.indexOf(0, start);
    if (end < 0) throw this.broken("a string does not end");
    if (end - start > limits.MAX_STRING_BYTES) throw this.broken("a string is too long");
    return end;
  }

  #opaque(): Buffer {
    const length = this.#integer();
    if (length > limits.MAX_OPAQUE_BYTES) throw this.broken("opaque data is too long");
    const start = this.#position;
    this.#advance(length);
    return this.#bytes.subarray(start, start + length);
  }

  #tableString(): Buffer {
    const start = this.#tableStart + this.#integer();
    const end = this.#bytes.indexOf(0, start);
    if (end < 0 || end >= this.#tableEnd) throw this.broken("a string is not in the table");
    this.#tableBytesUsed += end - start;
    if (this.#tableBytesUsed > limits.MAX_TABLE_BYTES) throw this.broken("too much from the table");
    return this.#bytes.subarray(start, end);
  }

  #entity(): Buffer {
    const code = this.#integer();
    const surrogate = code >= 0xd800 && code <= 0xdfff;
    if (code > 0x10ffff || surrogate) throw this.broken(`entity ${code} is no character`);
    return Buffer.from(String.fromCodePoint(code));
  }

  #byte(): number {
    const byte = this.#bytes[this.#position];
    if (byte === undefined) throw this.broken("the data end too early");
    this.#position++;
    return byte;
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

  #advance(length: number): void {
    this.#position += length;
    if (this.#position > this.#bytes.length) throw this.broken("the data end too early");
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
