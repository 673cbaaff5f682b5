/** Header fields that we write ourselves: addresses and text of a draft. */
import { domainToASCII } from "node:url";
import libmime from "libmime";
import addressparser from "nodemailer/lib/addressparser/index.js";
import { maxAddresses } from "./limits.ts";

const lineLength = 76;
/** Characters of an encoded word, so that it fits into a line (RFC 2047 2). */
const wordLength = 52;

/** An address field with its line end; "" for none. Entries without an address stay as the names that they are. */
export function addressField(name: string, list: string): string {
  const entries = addressparser(withoutBreaks(list), { flatten: true }).slice(0, maxAddresses);
  const shown = entries.map(entryOf).filter((entry) => entry !== "");
  return shown.length === 0 ? "" : `${name}: ${shown.join(",\r\n ")}\r\n`;
}

/** Whether each entry of a list is an address that a mail can go to. */
export function isAddressed(list: string): boolean {
  const entries = addressparser(withoutBreaks(list), { flatten: true });
  return entries.every(({ address }) => /^[^\s@<>]+@[^\s@<>]+$/.test(address));
}

/** A field of plain words with its line end; "" for none. */
export function textField(name: string, text: string): string {
  const clean = withoutBreaks(text).trim();
  if (clean === "") return "";
  return `${libmime.foldLines(`${name}: ${encoded(clean)}`, lineLength)}\r\n`;
}

function entryOf({ name, address }: { readonly name: string; readonly address: string }): string {
  if (!address.includes("@")) return phrase(`${name} ${address}`.trim());
  const at = address.lastIndexOf("@");
  const domain = address.slice(at + 1);
  const mailbox = `${address.slice(0, at)}@${domainToASCII(domain) || domain}`;
  const bare = mailbox.replace(/[\s<>]/g, "");
  return name === "" || name === address ? bare : `${phrase(name)} <${bare}>`;
}

/** A display name (RFC 5322 3.2.5). */
function phrase(name: string): string {
  if (name === "") return "";
  if (!isAscii(name)) return encoded(name);
  return `"${name.replace(/["\\]/g, "\\$&")}"`;
}

function encoded(text: string): string {
  // What looks like an encoded word would be decoded by whoever reads it.
  return isAscii(text) && !text.includes("=?") ? text : libmime.encodeWord(text, "Q", wordLength);
}

function isAscii(text: string): boolean {
  return /^[ -~]*$/.test(text);
}

/** No line break of a device's words may begin another field. */
function withoutBreaks(text: string): string {
  return text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
}
