/** Hashes of what a device sent: the same again is the same. */
import { createHash, type Hash } from "node:crypto";

/** The hash of a decoded request or a part of one; octets are read as they are. */
export function hashOf(value: unknown): Buffer {
  const hash = createHash("sha256");
  feed(hash, value);
  return hash.digest();
}

function feed(hash: Hash, value: unknown): void {
  if (Buffer.isBuffer(value)) {
    hash.update(`\u0000octets ${value.length}\u0000`).update(value);
  } else if (typeof value === "object" && value !== null && !(value instanceof Date)) {
    for (const [name, inner] of Object.entries(value)) {
      if (inner === undefined) continue;
      hash.update(`\u0000${name}\u0000{`);
      feed(hash, inner);
      hash.update("}");
    }
  } else {
    hash.update(JSON.stringify(value) ?? "");
  }
}
