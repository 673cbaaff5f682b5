/** Content-Transfer-Encoding (RFC 2045 6), decoded as mail clients do: what is broken stays readable. */

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const space = 0x20;
const equals = 0x3d;

/** Decodes a body that comes in pieces. */
interface TransferDecoder {
  /** The octets that are complete with this piece. */
  push(piece: Buffer): Buffer;
  /** What was still held back. */
  end(): Buffer;
}

/** A decoder for this Content-Transfer-Encoding; unknown encodings pass through. */
export function transferDecoder(encoding: string): TransferDecoder {
  const name = encoding.trim().toLowerCase();
  if (name === "base64") return new Base64Decoder();
  if (name === "quoted-printable") return new QuotedPrintableDecoder();
  return { push: (piece) => piece, end: () => Buffer.alloc(0) };
}

/** Decodes a whole body. */
export function decodeTransfer(bytes: Buffer, encoding: string): Buffer {
  const name = encoding.trim().toLowerCase();
  if (name === "base64") return decodeBase64(bytes);
  return name === "quoted-printable" ? decodeQuotedPrintable(bytes, true) : bytes;
}

/** Wire octets that surely hold `decodedBytes` of the decoded body. */
export function wireBytesFor(decodedBytes: number, encoding: string): number {
  const name = encoding.trim().toLowerCase();
  // Lines of 76 characters and CRLF carry 57 bytes: 78 / 57; some mailers break at 60 characters.
  if (name === "base64") return Math.ceil(decodedBytes * 1.38) + 80;
  // "=XX" for every byte and a soft line break for every 24 of them.
  if (name === "quoted-printable") return Math.ceil(decodedBytes * 3.13) + 80;
  return decodedBytes;
}

/** About how many bytes `wireBytes` octets decode to. */
export function decodedSize(wireBytes: number, encoding: string): number {
  const name = encoding.trim().toLowerCase();
  if (name === "base64") return Math.floor((wireBytes * 57) / 78);
  if (name === "quoted-printable") return Math.floor(wireBytes * 0.95);
  return wireBytes;
}

/** Without anything behind its padding the platform's decoder does it all, and passes over rubbish by itself. */
function decodeBase64(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1");
  const padding = text.indexOf("=");
  if (padding === -1) return Buffer.from(text, "base64");
  if (!/[^=\s]/.test(text.slice(padding))) return Buffer.from(text.slice(0, padding), "base64");
  const decoder = new Base64Decoder();
  return Buffer.concat([decoder.push(bytes), decoder.end()]);
}

class Base64Decoder implements TransferDecoder {
  #held = "";

  /** Padding in the middle, as concatenated bodies have it, ends one run and begins the next. */
  push(piece: Buffer): Buffer {
    const text = this.#held + piece.toString("latin1").replace(/[^A-Za-z0-9+/=_-]+/g, "");
    const runs = text.split(/=+/);
    const open = runs.pop() ?? "";
    const whole = open.length - (open.length % 4);
    this.#held = open.slice(whole);
    return Buffer.concat([...runs, open.slice(0, whole)].map((run) => Buffer.from(run, "base64")));
  }

  end(): Buffer {
    const rest = Buffer.from(this.#held, "base64");
    this.#held = "";
    return rest;
  }
}

class QuotedPrintableDecoder implements TransferDecoder {
  #held: Buffer = Buffer.alloc(0);

  push(piece: Buffer): Buffer {
    const bytes = this.#held.length === 0 ? piece : Buffer.concat([this.#held, piece]);
    const ready = completeLength(bytes);
    this.#held = Buffer.from(bytes.subarray(ready));
    return decodeQuotedPrintable(bytes.subarray(0, ready), false);
  }

  end(): Buffer {
    const rest = this.#held;
    this.#held = Buffer.alloc(0);
    return decodeQuotedPrintable(rest, true);
  }
}

/** Octets at the end of a piece that are looked at for something unfinished. */
const lookBackBytes = 80;

/** Where to stop so that no "=XX", soft line break or trailing blanks are torn apart. */
function completeLength(bytes: Buffer): number {
  const tail = bytes.subarray(Math.max(0, bytes.length - lookBackBytes)).toString("latin1");
  const open = /(?:=[0-9a-f]?|=[ \t]+|=[ \t]*\r|[ \t]+)$/i.exec(tail)?.[0] ?? "";
  return bytes.length - open.length;
}

function isBlank(byte: number): boolean {
  return byte === space || byte === 0x09;
}

function isLineBreak(byte: number): boolean {
  return byte === lineFeed || byte === carriageReturn;
}

function decodeQuotedPrintable(bytes: Buffer, isLast: boolean): Buffer {
  const out = Buffer.allocUnsafe(bytes.length);
  let length = 0;
  // Behind the last octet that is no blank, or was written as a code.
  let solid = 0;
  let at = 0;
  while (at < bytes.length) {
    const byte = bytes[at++] ?? 0;
    if (byte > equals || (byte > space && byte < equals)) {
      out[length++] = byte;
      solid = length;
    } else if (byte === equals) {
      const value = hexPair(bytes, at);
      const end = value < 0 ? softBreak(bytes, at, isLast) : at + 2;
      // A "=" that begins neither stands for itself.
      if (value >= 0) out[length++] = value;
      else if (end < 0) out[length++] = equals;
      at = Math.max(at, end);
      solid = length;
    } else {
      // Blanks in front of a line break were added on the way (RFC 2045 6.7 rule 3).
      if (isLineBreak(byte)) length = solid;
      out[length++] = byte;
      if (!isBlank(byte)) solid = length;
    }
  }
  return out.subarray(0, length);
}

function blanksEnd(bytes: Buffer, from: number): number {
  let at = from;
  while (at < bytes.length && isBlank(bytes[at] ?? 0)) at++;
  return at;
}

/**
 * The end of the blanks and the line break at `at`, behind a "="; negative where they are not there. The end of a body
 * counts as a line break.
 */
function softBreak(bytes: Buffer, at: number, isLast: boolean): number {
  const end = blanksEnd(bytes, at);
  if (end === bytes.length) return isLast ? end : -1;
  if (bytes[end] === carriageReturn && bytes[end + 1] === lineFeed) return end + 2;
  return isLineBreak(bytes[end] ?? 0) ? end + 1 : -1;
}

/** The octet that two hexadecimal digits at `at` name; negative where they are none. */
function hexPair(bytes: Buffer, at: number): number {
  const high = hexDigits[bytes[at] ?? 0] ?? -1;
  const low = hexDigits[bytes[at + 1] ?? 0] ?? -1;
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

/** The value of each octet as a hexadecimal digit; -1 for those that are none. */
const hexDigits = Int8Array.from({ length: 256 }, (_, byte) => {
  const digit = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(digit) ? -1 : digit;
});
