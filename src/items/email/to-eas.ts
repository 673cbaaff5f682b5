/** A mail -> ApplicationData of the Email class (MS-ASEMAIL); the encoder leaves out what a version lacks. */
import { atLeast, type ProtocolVersion } from "../../../schemas/version.ts";
import { displayNames, formatAddress, formatAddresses, sameAddresses } from "./addresses.ts";
import type { EmailData } from "./data.ts";
import { attachmentsOf } from "./attachments.ts";
import { bodyParts } from "./body-parts.ts";
import type { EmailBody } from "./body-plan.ts";
import { maxCategories, maxSubjectLength } from "./limits.ts";
import { messageClass } from "./message-class.ts";
import type { Envelope, MailFlags, MailItem } from "./message.ts";
import { threadTopic } from "./subject.ts";

/** What the mapping cannot know from the mail itself. */
export interface EasExtras {
  readonly version: ProtocolVersion;
  /** The FileReference of an attachment by its section. */
  fileReference(section: string): string;
  readonly conversationId?: Buffer | undefined;
}

/** All elements of a mail for an Add or a Fetch. Throws nothing for odd mail: it shows what is there. */
export function toEas(item: MailItem, body: EmailBody, extras: EasExtras): EmailData {
  const { Body, BodyPart, NativeBodyType, detail } = body;
  const attached = bodyParts(item.structure).attachments;
  return {
    ...envelopeElements(item),
    ...toEasChange(item.flags, extras.version),
    Flag: flagElement(item.flags, cleanSubject(item.envelope.subject)),
    Attachments: attachmentsOf(attached, (section) => extras.fileReference(section)),
    Body,
    BodyPart,
    MessageClass: messageClass(item.structure, detail),
    // The code page of what we send: bodies are Unicode whatever the mail had (MS-ASEMAIL 2.2.2.40).
    InternetCPID: "65001",
    ContentClass: "urn:content-classes:message",
    NativeBodyType,
    ConversationId: extras.conversationId,
    ConversationIndex: conversationIndex(item),
    IsDraft: item.flags.draft,
  };
}

function envelopeElements(item: MailItem): EmailData {
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

function cleanSubject(subject: string): string {
  const line = subject.slice(0, maxSubjectLength).replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
  return line.replace(/[\uD800-\uDBFF]$/, "").trim();
}

/** 0 low, 1 normal, 2 high (MS-ASEMAIL 2.2.2.38). */
function importance(headers: Readonly<Record<string, string>>): number {
  const named = (headers["importance"] ?? "").trim().toLowerCase();
  if (named === "high") return 2;
  if (named === "low") return 0;
  const priority = parseInt(headers["x-priority"] ?? "3", 10);
  if (named === "normal" || Number.isNaN(priority) || priority === 3) return 1;
  return priority < 3 ? 2 : 0;
}

/** Read, Flag, Categories and the last verb for a Change; everything else of a mail never changes. */
export function toEasChange(flags: MailFlags, version: ProtocolVersion): EmailData {
  const change: EmailData = {
    Read: flags.seen,
    Flag: flagElement(flags),
    ...verbElement(flags, version),
  };
  if (atLeast(version, "14.0")) {
    // An empty Categories says that there are none (MS-ASEMAIL 2.2.2.16).
    change.Categories = { Category: flags.categories.slice(0, maxCategories) };
  }
  return change;
}

/** An empty Flag says that there is none (MS-ASEMAIL 2.2.2.34); when it was completed is not known. */
function flagElement(flags: MailFlags, subject?: string): NonNullable<EmailData["Flag"]> {
  if (flags.flagStatus === 0) return {};
  const named = subject === undefined || subject === "" ? {} : { Subject: subject };
  return { ...named, Status: flags.flagStatus, FlagType: "Flag for follow up" };
}

/** 1 reply to sender, 3 forward, 0 none known (MS-ASEMAIL 2.2.2.44); the time of it is not known. */
function verbElement(flags: MailFlags, version: ProtocolVersion): EmailData {
  if (!atLeast(version, "14.0")) return {};
  if (flags.answered) return { LastVerbExecuted: 1 };
  return { LastVerbExecuted: flags.forwarded ? 3 : 0 };
}

/** Seconds between 1601-01-01, where FILETIME begins, and 1970-01-01. */
const filetimeEpochSeconds = 11_644_473_600n;

/** The header of a conversation index: the high five bytes of the FILETIME (MS-ASCON 2.2.2.4.1). */
function conversationIndex(item: MailItem): Buffer {
  const sent = (item.envelope.date ?? item.received).getTime();
  const ticks =
    (BigInt(Number.isNaN(sent) ? 0 : Math.trunc(sent)) + filetimeEpochSeconds * 1000n) * 10_000n;
  const filetime = Buffer.alloc(8);
  filetime.writeBigUInt64BE(BigInt.asUintN(64, ticks < 0n ? 0n : ticks));
  return filetime.subarray(0, 5);
}
