/** Mail as SMTP carries it: lines end with CRLF, a dot at their start is doubled (RFC 5321 section 4.5.2). */
import { chunkBytes } from "./limits.ts";

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const dot = 0x2e;
const lineEnd = Buffer.from("\r\n");

/**
 * The octets between DATA and the line with the final dot, in chunks. Nothing changes but doubled dots and lone
 * CR or LF, which become CRLF: a server that took them as line ends could be told a second mail.
 */
export function* stuffed(mime: Buffer): Generator<Buffer> {
  for (let at = 0; at < mime.length; at += chunkBytes) {
    yield stuffedChunk(mime, at, Math.min(at + chunkBytes, mime.length));
  }
  if (mime.length > 0 && !endsLine(mime.at(-1))) yield lineEnd;
}

function endsLine(octet: number | undefined): boolean {
  return octet === lineFeed || octet === carriageReturn;
}

/** Each octet is judged by the one before and after it in the whole mail, so chunks may split anywhere. */
function stuffedChunk(mime: Buffer, start: number, end: number): Buffer {
  // The worst case is a mail of lone line ends.
  const out = Buffer.allocUnsafe((end - start) * 2);
  let length = 0;
  for (let at = start; at < end; at++) {
    const octet = mime[at] ?? 0;
    if (octet === lineFeed && mime[at - 1] !== carriageReturn) out[length++] = carriageReturn;
    if (octet === dot && (at === 0 || endsLine(mime[at - 1]))) out[length++] = dot;
    out[length++] = octet;
    if (octet === carriageReturn && mime[at + 1] !== lineFeed) out[length++] = lineFeed;
  }
  return out.subarray(0, length);
}

/** Whether a mail has octets above 127 and needs 8BITMIME (RFC 6152). */
export function hasEightBit(mime: Buffer): boolean {
  for (const octet of mime) if (octet > 127) return true;
  return false;
}
