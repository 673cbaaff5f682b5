/** The ENVELOPE of a raw header (RFC 3501 7.4.2). */
import { addressesOf, dateOf, decodedText, firstValue, messageIds, type Header } from "./header.ts";
import type { Address, Envelope } from "./message.ts";

/** Sender and Reply-To that a mail leaves out are its From, as IMAP servers say it. */
export function envelopeOf(header: Header): Envelope {
  const from = writersOf(header, "from");
  const orFrom = (name: string) => {
    const found = writersOf(header, name);
    return found.length > 0 ? found : from;
  };
  return {
    subject: decodedText(firstValue(header, "subject")),
    from,
    sender: orFrom("sender"),
    replyTo: orFrom("reply-to"),
    to: addressesOf(header, "to"),
    cc: addressesOf(header, "cc"),
    bcc: addressesOf(header, "bcc"),
    date: dateOf(firstValue(header, "date")),
    messageId: messageIds(firstValue(header, "message-id"))[0] ?? "",
    inReplyTo: messageIds(firstValue(header, "in-reply-to"))[0] ?? "",
  };
}

/** Who writes has a mailbox: a word alone is one of the mail server itself, as in "From: root". */
function writersOf(header: Header, name: string): readonly Address[] {
  const found = addressesOf(header, name);
  return found.some(isWord) ? found.map((each) => (isWord(each) ? localOf(each) : each)) : found;
}

function isWord({ name, address }: Address): boolean {
  return address === "" && /^[\w.+-]+$/.test(name);
}

function localOf({ name }: Address): Address {
  return { name: "", address: name };
}
