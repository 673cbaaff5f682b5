/** The elements that come of a mail's envelope and header. */
import { displayNames, formatAddress, formatAddresses, sameAddresses } from "./addresses.ts";
import type { EmailData } from "./data.ts";
import { maxSubjectLength } from "./limits.ts";
import type { Envelope, MailItem } from "./message.ts";
import { threadTopic } from "./subject.ts";

/** To, Cc, From, Subject and what else the header says. */
export function envelopeElements(item: MailItem): EmailData {
  const { envelope } = item;
  const { from, sender, replyTo } = envelope;
  const subject = cleanSubject(envelope.subject);
  const hasReplyTo = replyTo.length > 0 && !sameAddresses(replyTo, from);
  const hasSender = from.length > 0 && sender[0] !== undefined && !sameAddresses(sender, from);
  return {
    To: nonEmpty(formatAddresses(envelope.to, ", ")),
    Cc: nonEmpty(formatAddresses(envelope.cc, ", ")),
    From: nonEmpty(fromElement(envelope)),
    Subject: subject,
    ReplyTo: hasReplyTo ? nonEmpty(formatAddresses(replyTo, "; ")) : undefined,
    DateReceived: item.received,
    DisplayTo: nonEmpty(displayNames(envelope.to)),
    ThreadTopic: threadTopic(cleanSubject(item.headers["thread-topic"] ?? subject)),
    Importance: importance(item.headers),
    // Not sent when it is the From (MS-ASEMAIL 2.2.2.70).
    Sender: hasSender ? nonEmpty(sender.slice(0, 1).map(formatAddress).join("")) : undefined,
    Bcc: nonEmpty(formatAddresses(envelope.bcc, ", ")),
  };
}

/** A mail without From shows its Sender rather than nothing. */
function fromElement(envelope: Envelope): string {
  return formatAddresses(envelope.from.length > 0 ? envelope.from : envelope.sender, ", ");
}

function nonEmpty(text: string): string | undefined {
  return text === "" ? undefined : text;
}

/** A subject on one line, of bounded length. */
export function cleanSubject(subject: string): string {
  const line = subject.slice(0, maxSubjectLength).replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
  return line.replace(/[\uD800-\uDBFF]$/, "").trim();
}

/** 0 low, 1 normal, 2 high (MS-ASEMAIL 2.2.2.38); the header that most mailers read wins. */
function importance(headers: MailItem["headers"]): number {
  return (
    named(headers["importance"]) ??
    numbered(headers["x-priority"]) ??
    named(headers["x-msmail-priority"]) ??
    named(headers["priority"]) ??
    1
  );
}

/** Words of RFC 2156 (Importance, Priority) and of Outlook. */
const words: ReadonlyMap<string, number> = new Map([
  ["high", 2],
  ["urgent", 2],
  ["low", 0],
  ["non-urgent", 0],
  ["normal", 1],
]);

function named(value: string | undefined): number | undefined {
  return words.get(value?.trim().toLowerCase() ?? "");
}

/** "1 (Highest)" to "5 (Lowest)". */
function numbered(value: string | undefined): number | undefined {
  const priority = parseInt(value ?? "", 10);
  if (Number.isNaN(priority)) return undefined;
  if (priority === 3) return 1;
  return priority < 3 ? 2 : 0;
}
