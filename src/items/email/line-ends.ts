/** Line ends of a mail: CRLF and nothing else, as SMTP and IMAP want them (RFC 5321 2.3.8). */
import { scan, type Octets } from "../../kit/octets.ts";

const carriageReturn = 13;
const lineFeed = 10;

/** The mail with CRLF for each lone CR or LF; one that is right is given back as it is. */
export async function withCrlf(mime: Octets): Promise<Octets> {
  const lone = await countLone(mime);
  return lone === 0 ? mime : new CrlfOctets(mime, lone);
}

async function countLone(mime: Octets): Promise<number> {
  let lone = 0;
  let isAfterReturn = false;
  for await (const piece of scan(mime)) {
    const pairs = count(piece, "\r\n") + (isAfterReturn && piece[0] === lineFeed ? 1 : 0);
    lone += count(piece, "\r") + count(piece, "\n") - 2 * pairs;
    if (piece.length > 0) isAfterReturn = piece.at(-1) === carriageReturn;
  }
  return lone;
}

function count(piece: Buffer, what: string): number {
  let found = 0;
  for (let at = piece.indexOf(what); at >= 0; at = piece.indexOf(what, at + what.length)) found++;
  return found;
}

class CrlfOctets implements Octets {
  readonly sizeBytes: number;
  readonly #mime: Octets;

  constructor(mime: Octets, lone: number) {
    this.#mime = mime;
    this.sizeBytes = mime.sizeBytes + lone;
  }

  async *stream(start = 0, end = this.sizeBytes): AsyncGenerator<Buffer> {
    let at = 0;
    for await (const piece of this.#lines()) {
      if (at >= end) return;
      const part = piece.subarray(Math.max(0, start - at), Math.max(0, end - at));
      at += piece.length;
      if (part.length > 0) yield part;
    }
  }

  async *#lines(): AsyncGenerator<Buffer> {
    let isAfterReturn = false;
    for await (const piece of scan(this.#mime)) {
      const text = piece.toString("latin1", isAfterReturn && piece[0] === lineFeed ? 1 : 0);
      if (piece.length > 0) isAfterReturn = piece.at(-1) === carriageReturn;
      yield Buffer.from(text.replace(/\r\n|\r|\n/g, "\r\n"), "latin1");
    }
  }
}
