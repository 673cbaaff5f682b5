import { heldIn, joined, type Octets } from "../kit/octets.ts";
import { clean } from "./clean.ts";
import * as t from "./tokens.ts";

/** WBXML 1.3, unknown public id, UTF-8, no string table: how every ActiveSync stream begins. */
const HEADER = [0x03, 0x01, t.UTF_8, 0x00];
const INITIAL_BYTES = 4096;
/** Below this many characters a loop is faster than a call out of JavaScript. */
const SHORT = 48;

/** Writes a WBXML stream into a buffer that grows; octets that are not in memory stand between such buffers. */
export class Writer {
  readonly #before: (Buffer | Octets)[] = [];
  /** How much of the stream is before `#bytes`. */
  #origin = 0;
  #bytes = Buffer.allocUnsafe(INITIAL_BYTES);
  #position = 0;
  #page = 0;

  constructor() {
    for (const byte of HEADER) this.#bytes[this.#position++] = byte;
  }

  /** The stream, all of it in memory. */
  finish(): Buffer {
    if (this.#before.length > 0) throw new TypeError("not all of the stream is in memory");
    return this.#bytes.subarray(0, this.#position);
  }

  /** The stream, of which some may still have to be read. */
  finishLarge(): Buffer | Octets {
    if (this.#before.length === 0) return this.finish();
    return joined([...this.#before, this.#bytes.subarray(0, this.#position)]);
  }

  /** Opens an element; gives what `close` wants. */
  open(page: number, token: number): number {
    this.#reserve(3);
    if (page !== this.#page) {
      this.#bytes[this.#position++] = t.SWITCH_PAGE;
      this.#bytes[this.#position++] = page;
      this.#page = page;
    }
    this.#bytes[this.#position] = token | t.HAS_CONTENT;
    return this.#origin + this.#position++;
  }

  /** Closes the element opened at `start`; one without content becomes an empty element. */
  close(start: number): void {
    if (this.#origin + this.#position === start + 1) {
      const at = start - this.#origin;
      this.#bytes[at] = (this.#bytes[at] ?? 0) & t.TOKEN;
      return;
    }
    this.#reserve(1);
    this.#bytes[this.#position++] = t.END;
  }

  /** Writes text, without what XML forbids; an empty one writes nothing. */
  text(value: string): void {
    if (value === "" || (value.length < SHORT && this.#short(value))) return;
    const cleaned = clean(value);
    if (cleaned === "") return;
    this.#reserve(Buffer.byteLength(cleaned) + 2);
    this.#bytes[this.#position++] = t.STR_I;
    this.#position += this.#bytes.write(cleaned, this.#position, "utf8");
    this.#bytes[this.#position++] = 0;
  }

  /** Writes a short text of printable ASCII; false if it has anything else. */
  #short(value: string): boolean {
    this.#reserve(SHORT + 2);
    const start = this.#position + 1;
    for (let index = 0; index < value.length; index++) {
      const code = value.charCodeAt(index);
      if (code >= 0x80 || code < 0x20) return false;
      this.#bytes[start + index] = code;
    }
    this.#bytes[start - 1] = t.STR_I;
    this.#bytes[start + value.length] = 0;
    this.#position = start + value.length + 1;
    return true;
  }

  /** Writes bytes as opaque data; none write nothing. */
  opaque(value: Uint8Array): void {
    if (value.length === 0) return;
    this.#reserve(6);
    this.#bytes[this.#position++] = t.OPAQUE;
    this.#integer(value.length);
    this.#put(value);
  }

  /** Writes octets as opaque data, which are read when the stream is. */
  octets(value: Octets): void {
    if (value.sizeBytes === 0) return;
    this.#reserve(6);
    this.#bytes[this.#position++] = t.OPAQUE;
    this.#integer(value.sizeBytes);
    this.#leave(value);
  }

  /** Writes text that has nothing in it that XML forbids, and is read when the stream is. */
  utf8(text: Octets): void {
    if (text.sizeBytes === 0) return;
    this.#reserve(1);
    this.#bytes[this.#position++] = t.STR_I;
    const held = heldIn(text);
    if (held === undefined) this.#leave(text);
    else this.#put(held);
    this.#reserve(1);
    this.#bytes[this.#position++] = 0;
  }

  #put(octets: Uint8Array): void {
    this.#reserve(octets.length);
    this.#bytes.set(octets, this.#position);
    this.#position += octets.length;
  }

  /** Puts octets behind what is written so far. */
  #leave(octets: Octets): void {
    this.#before.push(this.#bytes.subarray(0, this.#position), octets);
    this.#origin += this.#position + octets.sizeBytes;
    this.#bytes = Buffer.allocUnsafe(INITIAL_BYTES);
    this.#position = 0;
  }

  /** A multi-byte integer: 7 bits a byte, the highest first. */
  #integer(value: number): void {
    let shift = 28;
    while (shift > 0 && value >>> shift === 0) shift -= 7;
    for (; shift > 0; shift -= 7) {
      this.#bytes[this.#position++] = ((value >>> shift) & 0x7f) | 0x80;
    }
    this.#bytes[this.#position++] = value & 0x7f;
  }

  #reserve(count: number): void {
    const needed = this.#position + count;
    if (needed <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#position);
    this.#bytes = larger;
  }
}
