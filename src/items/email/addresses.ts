/** Addresses of an envelope as the strings of the Email class. */
import { maxAddressListLength } from "./limits.ts";
import type { Address } from "./message.ts";

/** One address as `"Name" <address>`; the address or the name alone where the other is missing. */
export function formatAddress({ name, address }: Address): string {
  const shown = name.replace(/[\p{Cc}\s]+/gu, " ").trim();
  if (shown === "" || shown === address) return address;
  const quoted = `"${shown.replace(/["\\]/g, "\\$&")}"`;
  return address === "" ? quoted : `${quoted} <${address}>`;
}

/** Several addresses; whole ones are left out at the end when the list grows too long. */
export function formatAddresses(addresses: readonly Address[], separator: string): string {
  return withinLength(addresses.map(formatAddress), separator);
}

/** Display names for DisplayTo (MS-ASEMAIL 2.2.2.29: separated by semi-colons). */
export function displayNames(addresses: readonly Address[]): string {
  const names = addresses.map(
    ({ name, address }) => name.replace(/[\p{Cc}\s]+/gu, " ").trim() || address,
  );
  return withinLength(names, "; ");
}

function withinLength(entries: readonly string[], separator: string): string {
  let list = "";
  for (const entry of entries) {
    if (entry === "") continue;
    const next = list === "" ? entry : `${list}${separator}${entry}`;
    if (next.length > maxAddressListLength) break;
    list = next;
  }
  return list;
}

/** Whether two lists name the same mailboxes: IMAP fills Sender and Reply-To with From (RFC 3501 7.4.2). */
export function sameAddresses(a: readonly Address[], b: readonly Address[]): boolean {
  return mailboxes(a) === mailboxes(b);
}

function mailboxes(list: readonly Address[]): string {
  return list.map(({ address }) => address.toLowerCase()).join("\n");
}
