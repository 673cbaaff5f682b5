/** Octets that may be too many to be held in memory: a mail, an attachment. */

/** A run of octets that can be read again and again. */
export interface Octets {
  /** Exactly as many as a whole reading brings. */
  readonly sizeBytes: number;
  /**
   * Reads from `start` to before `end`; each call reads anew. With a `scratch` a piece may lie in it, and is good
   * only until the next one is asked for: who passes over large octets leaves no garbage.
   */
  stream(start?: number, end?: number, scratch?: Buffer): AsyncIterable<Buffer>;
}

/** Octets in a file, of which some can be had at once. */
export interface StoredOctets extends Octets {
  /** Those from `start` to before `end`, without waiting: for a few of them. */
  readNow(start: number, end: number): Buffer;
}

/** Text that stays the UTF-8 that it is: too long for a string in memory, or to go out as it came. */
export class Utf8Text {
  readonly utf8: Octets;
  constructor(utf8: Octets) {
    this.utf8 = utf8;
  }
}

/** The largest piece of a reading: large enough to be quick, small enough for many readers at a time. */
export const pieceBytes = 64 * 1024;

/** Whether a value is octets to be read, not a Buffer of them. */
export function isOctets(value: unknown): value is Octets {
  return typeof value === "object" && value !== null && "sizeBytes" in value && "stream" in value;
}

/** Octets in memory as they are, others as they stand. */
export function octetsOf(octets: Buffer | Octets): Octets {
  return Buffer.isBuffer(octets) ? new HeldOctets(octets) : octets;
}

/** All of them where they are in memory. */
export function heldIn(octets: Octets): Buffer | undefined {
  return octets instanceof HeldOctets ? octets.bytes : undefined;
}

/** Several runs of octets as one. */
export function joined(parts: readonly (Buffer | Octets)[]): Octets {
  const [only] = parts;
  return parts.length === 1 && only !== undefined
    ? octetsOf(only)
    : new JoinedOctets(parts.map(octetsOf));
}

/** The octets from `start` to before `end`. */
export function sliceOf(octets: Octets, start: number, end = octets.sizeBytes): Octets {
  if (octets instanceof HeldOctets) return new HeldOctets(octets.bytes.subarray(start, end));
  return new OctetsSlice(octets, start, Math.max(start, Math.min(end, octets.sizeBytes)));
}

/** Passes over all of them; a piece is good only until the next one. */
export function scan(octets: Octets): AsyncIterable<Buffer> {
  return octets.stream(0, octets.sizeBytes, Buffer.allocUnsafeSlow(pieceBytes));
}

/** All of them in memory: for what is known to be small, or has to be held. */
export async function wholeOf(octets: Buffer | Octets): Promise<Buffer> {
  if (Buffer.isBuffer(octets)) return octets;
  if (octets instanceof HeldOctets) return octets.bytes;
  return Buffer.concat(await Array.fromAsync(octets.stream()));
}

class HeldOctets implements Octets {
  readonly bytes: Buffer;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  get sizeBytes(): number {
    return this.bytes.length;
  }

  async *stream(start = 0, end = this.bytes.length): AsyncGenerator<Buffer> {
    const last = Math.min(end, this.bytes.length);
    for (let at = start; at < last; at += pieceBytes) {
      yield this.bytes.subarray(at, Math.min(at + pieceBytes, last));
    }
  }
}

class JoinedOctets implements Octets {
  readonly sizeBytes: number;
  readonly #parts: readonly Octets[];

  constructor(parts: readonly Octets[]) {
    this.#parts = parts;
    this.sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
  }

  async *stream(start = 0, end = this.sizeBytes, scratch?: Buffer): AsyncGenerator<Buffer> {
    let at = 0;
    for (const part of this.#parts) {
      const from = Math.max(0, start - at);
      const to = Math.min(part.sizeBytes, end - at);
      if (from < to) yield* part.stream(from, to, scratch);
      at += part.sizeBytes;
    }
  }
}

class OctetsSlice implements Octets {
  readonly sizeBytes: number;
  readonly #octets: Octets;
  readonly #start: number;

  constructor(octets: Octets, start: number, end: number) {
    this.#octets = octets;
    this.#start = start;
    this.sizeBytes = end - start;
  }

  stream(start = 0, end = this.sizeBytes, scratch?: Buffer): AsyncIterable<Buffer> {
    const last = Math.min(end, this.sizeBytes);
    return this.#octets.stream(this.#start + start, this.#start + last, scratch);
  }
}
