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
    for (const offset of this.offsets()) copy.set(offset, this.#versions[offset]);
    return copy;
  }
}

/** Bytes of the row. */
export function encodeBlock(block: KnownBlock): Buffer {
  const present = new Uint8Array(blockSize);
  const versions: number[] = [];
  for (const offset of block.offsets()) {
    present[offset] = 1;
    versions.push(block.get(offset) ?? 0);
  }
  const used = versions.reduce((bits, version) => bits | version, 0) >>> 0;
  const head = Buffer.alloc(5);
  head.writeUInt8(formatVersion, 0);
  head.writeUInt32BE(used, 1);
  const planes = bitsIn(used).map((bit) => encodePlane(planeOf(versions, bit)));
  return Buffer.concat([head, encodePlane(present), ...planes]);
}

/** The block of a row. Throws when the row is none of this format. */
export function decodeBlock(bytes: Buffer): KnownBlock {
  if (bytes[0] !== formatVersion) throw new Error(`known row has format ${bytes[0]}, expected 1`);
  const used = bytes.readUInt32BE(1);
  const reader = { bytes, at: 5 };
  const present = decodePlane(reader, blockSize);
  const offsets = [...present.keys()].filter((offset) => present[offset] === 1);
  const versions = new Uint32Array(offsets.length);
  for (const bit of bitsIn(used)) addPlane(versions, decodePlane(reader, offsets.length), bit);
  const block = new KnownBlock();
  for (const [rank, offset] of offsets.entries()) block.set(offset, versions[rank]);
  return block;
}

interface Reader {
  readonly bytes: Buffer;
  at: number;
}

function bitsIn(mask: number): number[] {
  return Array.from({ length: 32 }, (_, bit) => bit).filter((bit) => ((mask >>> bit) & 1) === 1);
}

function planeOf(versions: readonly number[], bit: number): Uint8Array {
  return Uint8Array.from(versions, (version) => (version >>> bit) & 1);
}

function addPlane(versions: Uint32Array, plane: Uint8Array, bit: number): void {
  for (const [rank, value] of plane.entries()) {
    versions[rank] = (versions[rank] ?? 0) + value * 2 ** bit;
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
  for (const [index, value] of plane.entries()) {
    const at = 1 + (index >> 3);
    bytes[at] = (bytes[at] ?? 0) | (value << (index & 7));
  }
  return bytes;
}

/** Form, count (two bytes), then the distance from place to place: one byte below 128, else two. */
function encodeList(plane: Uint8Array, wanted: number, form: number): Buffer {
  const bytes: number[] = [];
  let last = -1;
  let count = 0;
  for (const [index, value] of plane.entries()) {
    if (value !== wanted) continue;
    const skipped = index - last - 1;
    if (skipped >= 128) bytes.push(128 | (skipped >> 8));
    bytes.push(skipped & (skipped >= 128 ? 255 : 127));
    last = index;
    count += 1;
  }
  return Buffer.from([form, count >> 8, count & 255, ...bytes]);
}

function decodePlane(reader: Reader, size: number): Uint8Array {
  const form = next(reader);
  if (form === planeForm.bitmap) return decodeBitmap(reader, size);
  const listed = form === planeForm.ones ? 1 : 0;
  const plane = new Uint8Array(size).fill(1 - listed);
  let left = next(reader) * 256 + next(reader);
  for (let index = -1; left > 0; left -= 1) {
    index += 1 + distance(reader);
    plane[index] = listed;
  }
  return plane;
}

function decodeBitmap(reader: Reader, size: number): Uint8Array {
  const bytes = Uint8Array.from({ length: Math.ceil(size / 8) }, () => next(reader));
  return Uint8Array.from({ length: size }, (_, index) => {
    return ((bytes[index >> 3] ?? 0) >> (index & 7)) & 1;
  });
}

function distance(reader: Reader): number {
  const first = next(reader);
  return first < 128 ? first : (first & 127) * 256 + next(reader);
}

function next(reader: Reader): number {
  const byte = reader.bytes[reader.at];
  if (byte === undefined) throw new Error("known row ends too early");
  reader.at += 1;
  return byte;
}
