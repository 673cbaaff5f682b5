/** A list of MAPI properties as TNEF carries it (MS-OXTNEF 2.1.3.4, MsgPropertyList). */
import { Bytes } from "./bytes.ts";
import { maxProperties, maxValues } from "./limits.ts";

/** Types of properties (MS-OXCDATA 2.11.1). */
const type = { string8: 0x1e, unicode: 0x1f, binary: 0x102, object: 0x0d } as const;
const multiple = 0x1000;

/** Bytes of the types of a fixed length, filled up to four. */
const fixedBytes: Readonly<Record<number, number>> = {
  0x01: 4,
  0x02: 4,
  0x03: 4,
  0x04: 4,
  0x05: 8,
  0x06: 8,
  0x07: 8,
  0x0a: 4,
  0x0b: 4,
  0x14: 8,
  0x40: 8,
  0x48: 16,
};

/** The first value of a property. */
export interface MapiValue {
  readonly type: number;
  readonly bytes: Buffer;
}

/** The properties by their id; named ones (from 0x8000 on) are passed over. What breaks off ends the list. */
export function mapiProperties(data: Buffer): ReadonlyMap<number, MapiValue> {
  const found = new Map<number, MapiValue>();
  const bytes = new Bytes(data);
  try {
    const count = Math.min(bytes.long(), maxProperties);
    for (let index = 0; index < count; index++) {
      const [kind, id] = [bytes.short(), bytes.short()];
      if (id >= 0x8000) skipName(bytes);
      const value = valueOf(bytes, kind);
      if (value === undefined) return found;
      if (id < 0x8000 && !found.has(id)) found.set(id, value);
    }
  } catch {
    // TnefError: the properties before the break are as good as any.
  }
  return found;
}

function skipName(bytes: Bytes): void {
  bytes.take(16);
  if (bytes.long() === 0) bytes.take(4);
  else bytes.padded(bytes.long());
}

/** Undefined for a type whose length nobody knows: nothing behind it can be read. */
function valueOf(bytes: Bytes, kind: number): MapiValue | undefined {
  const base = kind & ~multiple;
  const fixed = fixedBytes[base];
  if (fixed !== undefined) return { type: base, bytes: fixedValue(bytes, kind, fixed) };
  if (!Object.values<number>(type).includes(base)) return undefined;
  const count = Math.min(bytes.long(), maxValues);
  let first: Buffer = Buffer.alloc(0);
  for (let index = 0; index < count; index++) {
    const value = bytes.padded(bytes.long());
    if (index === 0) first = value;
  }
  return { type: base, bytes: first };
}

function fixedValue(bytes: Bytes, kind: number, length: number): Buffer {
  if ((kind & multiple) === 0) return bytes.take(length);
  const values = bytes.take(Math.min(bytes.long(), maxValues) * length);
  return values.subarray(0, length);
}

/** The text of a property of one of the string types. */
export function textOfValue(
  value: MapiValue | undefined,
  decode: (bytes: Buffer) => string,
): string {
  if (value === undefined) return "";
  const { bytes } = value;
  const text = value.type === type.unicode ? bytes.toString("utf16le") : decode(bytes);
  return text.replace(/\0[^]*$/, "");
}

/** The number of a property of type integer. */
export function numberOfValue(value: MapiValue | undefined): number | undefined {
  return value !== undefined && value.bytes.length >= 4 ? value.bytes.readInt32LE() : undefined;
}
