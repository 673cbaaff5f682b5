/** Octets as base64 (RFC 4648), made while they are read. */
import { scan, type Octets } from "./octets.ts";

const lineBytes = 57;
const lineEnd = "\r\n";

/** The octets as one long word of base64. */
export function base64Of(octets: Octets): Octets {
  return new Base64Octets(octets, false);
}

/** The octets as lines of 76 characters, each with its CRLF, as a mail has them (RFC 2045 6.8). */
export function base64LinesOf(octets: Octets): Octets {
  return new Base64Octets(octets, true);
}

class Base64Octets implements Octets {
  readonly sizeBytes: number;
  readonly #octets: Octets;
  readonly #inLines: boolean;

  constructor(octets: Octets, inLines: boolean) {
    this.#octets = octets;
    this.#inLines = inLines;
    const lines = inLines ? Math.ceil(octets.sizeBytes / lineBytes) : 0;
    this.sizeBytes = Math.ceil(octets.sizeBytes / 3) * 4 + lines * lineEnd.length;
  }

  async *stream(start = 0, end = this.sizeBytes): AsyncGenerator<Buffer> {
    let at = 0;
    for await (const piece of this.#encoded()) {
      if (at >= end) return;
      const part = piece.subarray(Math.max(0, start - at), Math.max(0, end - at));
      at += piece.length;
      if (part.length > 0) yield part;
    }
  }

  async *#encoded(): AsyncGenerator<Buffer> {
    let held: Buffer = Buffer.alloc(0);
    for await (const piece of scan(this.#octets)) {
      const bytes = held.length === 0 ? piece : Buffer.concat([held, piece]);
      // Whole lines, and with them whole groups of three.
      const whole = bytes.length - (bytes.length % lineBytes);
      if (whole > 0) yield this.#encode(bytes.subarray(0, whole));
      held = Buffer.from(bytes.subarray(whole));
    }
    if (held.length > 0) yield this.#encode(held);
  }

  #encode(bytes: Buffer): Buffer {
    const text = bytes.toString("base64");
    const wire = this.#inLines ? text.replace(/.{1,76}/g, `$&${lineEnd}`) : text;
    return Buffer.from(wire, "latin1");
  }
}
