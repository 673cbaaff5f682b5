/**
 * Codec of a known row: which of 2,048 numbers the device has, and in what version. The set is one plane of
 * bits; each version bit in use is a plane over the items that are there. A plane is stored as a bitmap, as a
 * list of its ones or as a list of its zeros, whichever is smallest.
 */
import { blockSize } from "./limits.ts";

const formatVersion = 1;
const planeForm = { bitmap: 0, ones: 1, zeros: 2 } as const;

/** The decoded row: version by offset, undefined where the device has no item. */
export class KnownBlock {
  readonly #present = new Uint8Array(blockSize);
  readonly #versions = new Uint32Array(blockSize);
  #size = 0;

  /** How many items the device has in this block. */
  get size(): number {
    return this.#size;
  }

  /** Version at an offset (number modulo `blockSize`). */
  get(offset: number): number | undefined {
    return this.#present[offset] === 1 ? this.#versions[offset] : undefined;
  }

  /** Sets or, with undefined, takes out. */
  set(offset: number, version: number | undefined): void {
    this.#size += (version === undefined ? 0 : 1) - (this.#present[offset] ?? 0);
    this.#present[offset] = version === undefined ? 0 : 1;
    this.#versions[offset] = version ?? 0;
  }

  /** Offsets that the device has, ascending. */
  *offsets(): Generator<number> {
    for (let offset = 0; offset < blockSize; offset += 1) {
      if (this.#present[offset] === 1) yield offset;
    }
  }

  /** A block of its own with the same content. */
  copy(): KnownBlock {
    const copy = new KnownBlock();
    copy.#present.set(this.#present);
    copy.#versions.set(this.#versions);
    copy.#size = this.#size;
    return copy;
  }
}

/** Bytes of the row. */
export function encodeBlock(block: KnownBlock): Buffer {
  const present = new Uint8Array(blockSize);
  const versions = new Uint32Array(block.size);
  let rank = 0;
  let used = 0;
  for (let offset = 0; offset < blockSize; offset += 1) {
    const version = block.get(offset);
    if (version === undefined) continue;
    present[offset] = 1;
    versions[rank++] = version;
    used |= version;
  }
  const head = Buffer.alloc(headBytes);
  head.writeUInt8(formatVersion, 0);
  head.writeUInt32BE(used >>> 0, 1);
  const planes = bitsIn(used).map((bit) => encodePlane(planeOf(versions, bit)));
  return Buffer.concat([head, encodePlane(present), ...planes]);
}

/** The block of a row. Throws when the row is none of this format. */
export function decodeBlock(bytes: Buffer): KnownBlock {
  if (bytes[0] !== formatVersion) throw new Error(`known row has format ${bytes[0]}, expected 1`);
  const used = bytes.readUInt32BE(1);
  const reader = new Reader(bytes, headBytes);
  const present = decodePlane(reader, blockSize);
  const versions = new Uint32Array(present.reduce((sum, bit) => sum + bit, 0));
  for (const bit of bitsIn(used)) addPlane(versions, decodePlane(reader, versions.length), bit);
  const block = new KnownBlock();
  let rank = 0;
  for (let offset = 0; offset < blockSize; offset += 1) {
    if (present[offset] === 1) block.set(offset, versions[rank++]);
  }
  return block;
}

// Rows are read and written with every window: the loops below make no object for each of 2,048 places.

const headBytes = 5;

class Reader {
  readonly #bytes: Buffer;
  #at: number;

  constructor(bytes: Buffer, at: number) {
    this.#bytes = bytes;
    this.#at = at;
  }

  next(): number {
    const byte = this.#bytes[this.#at];
    if (byte === undefined) throw new Error("known row ends too early");
    this.#at += 1;
    return byte;
  }
}

function bitsIn(mask: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => ((mask >>> bit) & 1) === 1);
}

function planeOf(versions: Uint32Array, bit: number): Uint8Array {
  const plane = new Uint8Array(versions.length);
  for (let rank = 0; rank < plane.length; rank += 1) plane[rank] = (versions[rank]! >>> bit) & 1;
  return plane;
}

function addPlane(versions: Uint32Array, plane: Uint8Array, bit: number): void {
  for (let rank = 0; rank < plane.length; rank += 1) {
    versions[rank] = (versions[rank]! | (plane[rank]! << bit)) >>> 0;
  }
}

function encodePlane(plane: Uint8Array): Buffer {
  const forms = [
    encodeList(plane, 1, planeForm.ones),
    encodeList(plane, 0, planeForm.zeros),
    encodeBitmap(plane),
  ];
  return forms.reduce((best, form) => (form.length < best.length ? form : best));
}

function encodeBitmap(plane: Uint8Array): Buffer {
  const bytes = Buffer.alloc(1 + Math.ceil(plane.length / 8));
  bytes[0] = planeForm.bitmap;
  for (let index = 0; index < plane.length; index += 1) {
    bytes[1 + (index >> 3)]! |= plane[index]! << (index & 7);
  }
  return bytes;
}

/** Form, count (two bytes), then the distance from place to place: one byte below 128, else two. */
function encodeList(plane: Uint8Array, wanted: number, form: number): Buffer {
  const bytes = Buffer.allocUnsafe(3 + 2 * plane.length);
  let [end, last, count] = [3, -1, 0];
  for (let index = 0; index < plane.length; index += 1) {
    if (plane[index] !== wanted) continue;
    const skipped = index - last - 1;
    if (skipped >= 128) bytes[end++] = 128 | (skipped >> 8);
    bytes[end++] = skipped & (skipped >= 128 ? 255 : 127);
    last = index;
    count += 1;
  }
  bytes.writeUInt8(form, 0);
  bytes.writeUInt16BE(count, 1);
  return bytes.subarray(0, end);
}

function decodePlane(reader: Reader, size: number): Uint8Array {
  const form = reader.next();
  if (form === planeForm.bitmap) return decodeBitmap(reader, size);
  const listed = form === planeForm.ones ? 1 : 0;
  const plane = new Uint8Array(size).fill(1 - listed);
  let left = reader.next() * 256 + reader.next();
  for (let index = -1; left > 0; left -= 1) {
    index += 1 + distance(reader);
    plane[index] = listed;
  }
  return plane;
}

function decodeBitmap(reader: Reader, size: number): Uint8Array {
  const plane = new Uint8Array(size);
  let byte = 0;
  for (let index = 0; index < size; index += 1) {
    if ((index & 7) === 0) byte = reader.next();
    plane[index] = (byte >> (index & 7)) & 1;
  }
  return plane;
}

function distance(reader: Reader): number {
  const first = reader.next();
  return first < 128 ? first : (first & 127) * 256 + reader.next();
}
