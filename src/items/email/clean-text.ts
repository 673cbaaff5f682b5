/** Whether a string element carries bytes unchanged: UTF-8 without characters that XML forbids. */
import { isUtf8 } from "node:buffer";
import { octetsOf, scan, type Octets } from "../../kit/octets.ts";

const leadByte = 0xc0;
const continuation = 0x80;
/** Bytes of the longest characters of UTF-8. */
export const longestCharacterBytes = 4;

/** The control characters that XML 1.0 forbids. */
// oxlint-disable-next-line no-control-regex -- as above
const controls = /[\u0000-\u0008\u000B\u000C\u000E-\u001F]/;
/** U+FFFE and U+FFFF, which it forbids too. */
const noCharacters = ["\uFFFE", "\uFFFF"].map((each) => Buffer.from(each));

/** Looks at all of them. */
export function isCleanBytes(bytes: Buffer): boolean {
  // No octet of a longer character looks like one of ASCII: so they need not be made characters of.
  return (
    isUtf8(bytes) &&
    !controls.test(bytes.toString("latin1")) &&
    !noCharacters.some((each) => bytes.includes(each))
  );
}

/** The same of octets that may not be in memory. */
export async function isCleanText(octets: Buffer | Octets): Promise<boolean> {
  let held: Buffer = Buffer.alloc(0);
  for await (const piece of scan(octetsOf(octets))) {
    const bytes = held.length === 0 ? piece : Buffer.concat([held, piece]);
    const whole = wholeCharacters(bytes);
    if (!isCleanBytes(bytes.subarray(0, whole))) return false;
    held = Buffer.from(bytes.subarray(whole));
  }
  return isCleanBytes(held);
}

/** Where the last character begins that may not be all there; the end where it surely is. */
function wholeCharacters(bytes: Buffer): number {
  for (let back = 1; back < longestCharacterBytes && back <= bytes.length; back++) {
    const byte = bytes[bytes.length - back] ?? 0;
    if (byte >= leadByte) return bytes.length - back;
    if (byte < continuation) return bytes.length;
  }
  return bytes.length;
}
