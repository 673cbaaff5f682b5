/** Little-endian reading within bounds. */

/** The bytes end before what they promise. */
export class TnefError extends Error {
  override name = "TnefError";
}

/** Reads a buffer from the front; throws `TnefError` instead of reading past its end. */
export class Bytes {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** Bytes that were not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** The next `length` bytes, not copied. */
  take(length: number): Buffer {
    if (length < 0 || length > this.left) throw new TnefError("it ends too early");
    this.#at += length;
    return this.#bytes.subarray(this.#at - length, this.#at);
  }

  /** One byte. */
  byte(): number {
    return this.take(1).readUInt8();
  }

  /** Two bytes. */
  short(): number {
    return this.take(2).readUInt16LE();
  }

  /** Four bytes. */
  long(): number {
    return this.take(4).readUInt32LE();
  }

  /** `length` bytes and what fills them up to a multiple of four. */
  padded(length: number): Buffer {
    const value = this.take(length);
    this.take(Math.min((4 - (length % 4)) % 4, this.left));
    return value;
  }
}
