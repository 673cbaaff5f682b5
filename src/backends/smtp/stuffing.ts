/** Mail as SMTP carries it: lines end with CRLF, a dot at their start is doubled (RFC 5321 section 4.5.2). */
import { isAscii } from "node:buffer";
import { pieceBytes, scan, type Octets } from "../../kit/octets.ts";

const carriageReturn = 0x0d;
const lineFeed = 0x0a;
const dot = 0x2e;

/**
 * The octets between DATA and the line with the final dot; each piece is good until the next one. Nothing changes
 * but doubled dots and lone CR or LF, which become CRLF: a server that took them as line ends could be told a
 * second mail.
 */
export async function* stuffed(mime: Octets): AsyncGenerator<Buffer> {
  // As if a line had ended before the mail.
  let before = lineFeed;
  // The worst case is a mail of lone line ends.
  const out = Buffer.allocUnsafeSlow(2 * pieceBytes + 1);
  for await (const long of scan(mime)) {
    for (let at = 0; at < long.length; at += pieceBytes) {
      const piece = long.subarray(at, at + pieceBytes);
      yield out.subarray(0, stuff(piece, before, out));
      before = piece.at(-1) ?? before;
    }
  }
  if (before === carriageReturn) yield Buffer.from("\n");
  else if (before !== lineFeed) yield Buffer.from("\r\n");
}

/** Each octet is judged by the one before it, so pieces may split anywhere. Gives the length. */
function stuff(piece: Buffer, last: number, out: Buffer): number {
  let length = 0;
  let before = last;
  for (const octet of piece) {
    if (before === carriageReturn && octet !== lineFeed) out[length++] = lineFeed;
    if (octet === lineFeed && before !== carriageReturn) out[length++] = carriageReturn;
    if (octet === dot && (before === lineFeed || before === carriageReturn)) out[length++] = dot;
    out[length++] = octet;
    before = octet;
  }
  return length;
}

/** Whether a mail has octets above 127 and needs 8BITMIME (RFC 6152). */
export async function hasEightBit(mime: Octets): Promise<boolean> {
  for await (const piece of scan(mime)) if (!isAscii(piece)) return true;
  return false;
}
