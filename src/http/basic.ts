/** HTTP Basic credentials and their two charsets (MS-ASHTTP 2.2.1.1.2.1; RFC 7617). */
import type { Reading } from "../accounts/accounts.ts";

const scheme = /^Basic +([A-Za-z0-9+/_-]+={0,2}) *$/i;

/**
 * What an Authorization header may mean, the likelier reading first; none: it has no Basic credentials.
 * Phones send UTF-8, Outlook for Windows ISO-8859-1.
 */
export function readBasic(header: string | undefined): readonly Reading[] {
  const encoded = scheme.exec(header ?? "")?.[1];
  if (encoded === undefined) return [];
  const bytes = Buffer.from(encoded, "base64");
  const readings = [readUtf8(bytes), ...(isAscii(bytes) ? [] : [bytes.toString("latin1")])];
  return readings.flatMap((text) => (text === undefined ? [] : split(text)));
}

/** The challenge of a 401; RFC 7617 2.1 lets it name the charset that we like best. */
export function challenge(realm: string): string {
  const quoted = realm.replaceAll(/["\\]/g, (sign) => `\\${sign}`);
  return `Basic realm="${quoted}", charset="UTF-8"`;
}

function readUtf8(bytes: Buffer): string | undefined {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function isAscii(bytes: Buffer): boolean {
  return bytes.every((byte) => byte < 0x80);
}

function split(text: string): readonly Reading[] {
  const colon = text.indexOf(":");
  return colon < 0 ? [] : [{ user: text.slice(0, colon), password: text.slice(colon + 1) }];
}
