/** The MultiPartResponse container (MS-ASCMD 2.2.1.10.1.1): offsets and lengths, then the parts. */
import { joined, octetsOf, type Octets } from "../kit/octets.ts";

const fieldBytes = 4;

/** One container of all parts; part 0 is the WBXML. Integers are little-endian. */
export function encodeMultipart(parts: readonly (Buffer | Octets)[]): Buffer | Octets {
  const header = Buffer.alloc(fieldBytes + parts.length * 2 * fieldBytes);
  header.writeUInt32LE(parts.length);
  let offset = header.length;
  for (const [index, { sizeBytes }] of parts.map(octetsOf).entries()) {
    const at = fieldBytes + index * 2 * fieldBytes;
    header.writeUInt32LE(offset, at);
    header.writeUInt32LE(sizeBytes, at + fieldBytes);
    offset += sizeBytes;
  }
  const held = parts.filter((part) => Buffer.isBuffer(part));
  if (held.length === parts.length) return Buffer.concat([header, ...held]);
  return joined([header, ...parts]);
}

/** The parts of a container that `encodeMultipart` made. */
export function partsOfMultipart(container: Buffer): readonly Buffer[] {
  return Array.from({ length: container.readUInt32LE(0) }, (_, index) => {
    const at = fieldBytes + index * 2 * fieldBytes;
    const offset = container.readUInt32LE(at);
    return container.subarray(offset, offset + container.readUInt32LE(at + fieldBytes));
  });
}
