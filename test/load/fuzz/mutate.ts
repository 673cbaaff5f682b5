/** Breaks bytes and texts in the ways that break parsers. */
import type { Chance } from "../../sync/chance.ts";

/** Bytes at which something begins, ends or overflows: WBXML tokens, multi-byte integers, signs of MIME and UTF-8. */
const telling = [
  0x00, 0x01, 0x03, 0x0a, 0x0d, 0x22, 0x2d, 0x3d, 0x45, 0x7f, 0x80, 0x8f, 0xc3, 0xff,
];

/** What stands in the place of a text. */
const texts = [
  "",
  "0",
  "-1",
  "1.5",
  "NaN",
  "99999999999999999999",
  "4294967296",
  "{00000000-0000-0000-0000-000000000000}0",
  "2026-02-30T25:61:61.000Z",
  "../../etc/passwd",
  "INBOX",
  "1:4294967295",
  "__proto__",
  "constructor",
  "'; DROP TABLE accounts; --",
  "%00%ff%",
  "\u{1F600}\u0301\u202E",
  "x".repeat(5_000),
];

type Mutation = (bytes: Buffer, chance: Chance) => Buffer;

/** Puts `part` in the place of the `length` bytes at `from`. */
function spliced(bytes: Buffer, from: number, length: number, part: Buffer): Buffer {
  return Buffer.concat([bytes.subarray(0, from), part, bytes.subarray(from + length)]);
}

/** A range of some bytes, never beyond the end. */
function range(bytes: Buffer, chance: Chance, most: number): readonly [number, number] {
  const from = chance.between(0, bytes.length);
  return [from, chance.between(0, Math.min(most, bytes.length - from))];
}

function one(byte: number): Buffer {
  return Buffer.from([byte]);
}

const mutations: readonly Mutation[] = [
  (bytes, chance) => {
    const at = chance.between(0, Math.max(0, bytes.length - 1));
    return spliced(bytes, at, 1, one((bytes[at] ?? 0) ^ (1 << chance.between(0, 7))));
  },
  (bytes, chance) => spliced(bytes, ...range(bytes, chance, 1), one(chance.between(0, 255))),
  (bytes, chance) => spliced(bytes, ...range(bytes, chance, 1), one(chance.one(telling))),
  (bytes, chance) => spliced(bytes, ...range(bytes, chance, 20), Buffer.alloc(0)),
  (bytes, chance) => bytes.subarray(0, chance.between(0, bytes.length)),
  (bytes, chance) => {
    const [from, length] = range(bytes, chance, 60);
    const part = bytes.subarray(from, from + length);
    const copies = chance.happens(0.05) ? 2_000 : chance.between(1, 3);
    return spliced(bytes, from, 0, Buffer.concat(Array.from({ length: copies }, () => part)));
  },
  // A number in several bytes that says far more than follows.
  (bytes, chance) => {
    const huge = Buffer.from(chance.happens(0.5) ? "8fffffff7f" : "83ffffffffffff7f", "hex");
    return spliced(bytes, ...range(bytes, chance, 4), huge);
  },
  inlineText,
];

/** Another inline string of WBXML (STR_I … NUL) in the place of one. */
function inlineText(bytes: Buffer, chance: Chance): Buffer {
  const starts = [...bytes.keys()].filter((at) => bytes[at] === 0x03);
  if (starts.length === 0) return bytes;
  const from = chance.one(starts) + 1;
  const end = bytes.indexOf(0, from);
  return spliced(bytes, from, Math.max(0, end - from), Buffer.from(chance.one(texts)));
}

/** These bytes, broken in one to four ways; now and then as they were. */
export function broken(bytes: Buffer, chance: Chance): Buffer {
  const count = chance.happens(0.05) ? 0 : chance.between(1, 4);
  let mutated = bytes;
  for (let index = 0; index < count; index++) mutated = chance.one(mutations)(mutated, chance);
  return mutated;
}

/** A text of one line, broken: whole parts of it between separators go, come twice or become something else. */
export function brokenText(text: string, separator: string, chance: Chance): string {
  const parts = text.split(separator);
  const at = chance.between(0, parts.length - 1);
  const part = parts[at] ?? "";
  const name = part.slice(0, part.indexOf("=") + 1);
  const instead = chance.one<readonly string[]>([
    [],
    [part, part],
    [name + encodeURIComponent(chance.one(texts))],
    [name + chance.one(["%", "%zz", "%00", "%c3%28", "+", "&", "=", "?", ";", "\t", "\u00e9"])],
    [broken(Buffer.from(part, "latin1"), chance).toString("latin1")],
  ]);
  return parts.toSpliced(at, 1, ...instead).join(separator);
}
