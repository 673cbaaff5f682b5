/** The ENVELOPE in a BODYSTRUCTURE -> the envelope of a mail within a mail. Words are decoded by imapflow, once. */
import type { MessageAddressObject, MessageEnvelopeObject } from "imapflow";
import { dateOf, messageIds } from "../../items/email/header.ts";
import { maxAddresses } from "../../items/email/limits.ts";
import type { Address, Envelope } from "../../items/email/message.ts";

/** Of a mail within a mail of which the server tells none: every field is empty. */
export const noEnvelope: Envelope = {
  subject: "",
  from: [],
  sender: [],
  replyTo: [],
  to: [],
  cc: [],
  bcc: [],
  date: undefined,
  messageId: "",
  inReplyTo: "",
};

/** The envelope that imapflow parsed. */
export function toEnvelope(parsed: MessageEnvelopeObject): Envelope {
  return {
    subject: parsed.subject ?? "",
    from: addresses(parsed.from),
    sender: addresses(parsed.sender),
    replyTo: addresses(parsed.replyTo),
    to: addresses(parsed.to),
    cc: addresses(parsed.cc),
    bcc: addresses(parsed.bcc),
    date: toDate(parsed.date),
    messageId: messageIds(parsed.messageId ?? "")[0] ?? "",
    inReplyTo: messageIds(parsed.inReplyTo ?? "")[0] ?? "",
  };
}

/** A date that imapflow cannot read comes as text. */
function toDate(date: unknown): Date | undefined {
  if (date instanceof Date) return Number.isNaN(date.getTime()) ? undefined : date;
  return typeof date === "string" ? dateOf(date) : undefined;
}

/** Groups are flattened: their names, which come as entries without any address, are left out. */
function addresses(parsed: readonly MessageAddressObject[] = []): readonly Address[] {
  const found: Address[] = [];
  for (const { name = "", address: given = "" } of parsed) {
    if (found.length === maxAddresses) break;
    const address = addressOf(given);
    if (address !== "" || (given !== "" && name !== "")) found.push({ name, address });
  }
  return found;
}

/** What Dovecot writes where a mail has no mailbox or no domain. */
function addressOf(address: string): string {
  return address.replace(/^MISSING_MAILBOX(?=@)/, "").replace(/@(?:MISSING_DOMAIN)?$/, "");
}
