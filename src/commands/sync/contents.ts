/** Hashes of what a device sent: the same again is the same. */
import { createHash, type Hash } from "node:crypto";
import { isOctets, octetsOf, scan } from "../../kit/octets.ts";

/** The hash of a decoded request or a part of one; octets are read as they are. */
export async function hashOf(value: unknown): Promise<Buffer> {
  const hash = createHash("sha256");
  await feed(hash, value);
  return hash.digest();
}

async function feed(hash: Hash, value: unknown): Promise<void> {
  if (Buffer.isBuffer(value) || isOctets(value)) {
    const octets = octetsOf(value);
    hash.update(`\u0000octets ${octets.sizeBytes}\u0000`);
    for await (const piece of scan(octets)) hash.update(piece);
  } else if (typeof value === "object" && value !== null && !(value instanceof Date)) {
    for (const [name, inner] of Object.entries(value)) {
      if (inner === undefined) continue;
      hash.update(`\u0000${name}\u0000{`);
      await feed(hash, inner);
      hash.update("}");
    }
  } else {
    hash.update(JSON.stringify(value) ?? "");
  }
}
