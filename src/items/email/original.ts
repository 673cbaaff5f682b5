/** The mail that an answer answers or a forward forwards: what of it is quoted, and what goes along. */
import { bodyParts, isHtml, partsOf, type BodyParts } from "./body-parts.ts";
import { contentIdsIn } from "./html-quote.ts";
import { maxQuotedBytes } from "./limits.ts";
import { protection } from "./message-class.ts";
import type { MailItem, Part, PartFetched, PartWanted } from "./message.ts";
import { textOf } from "./rendition.ts";
import { isTnef } from "./tnef-parts.ts";

/** SmartReply or SmartForward. */
export type SmartKind = "reply" | "forward";

/** A text part of the original, decoded. */
export interface QuotedText {
  readonly html: boolean;
  readonly text: string;
}

/** What is quoted: part by part, as plain as it can be and as rich. */
export interface QuotedMail {
  readonly plain: readonly QuotedText[];
  readonly rich: readonly QuotedText[];
}

/** How an original becomes part of another mail. */
export interface OriginalPlan {
  /** False: the original goes along as it stands, as an attachment. */
  readonly isQuoted: boolean;
  /** Text parts to be fetched for the quote. */
  readonly wanted: readonly PartWanted[];
  /** The quote from what was fetched; undefined where something is missing. */
  quote(parts: readonly PartFetched[]): QuotedMail | undefined;
  /** Parts that go along: beside the HTML that shows them, and after the text. */
  carried(quote: QuotedMail): Carried;
}

/** Parts of the original that go along. */
export interface Carried {
  /** The HTML shows them. */
  readonly related: readonly Part[];
  /** An invitation, another form of the text. */
  readonly invitation: Part | undefined;
  readonly attached: readonly Part[];
}

/**
 * Plans the use of an original. What is signed or encrypted is never taken apart to be forwarded, and what cannot
 * be read whole as text is not quoted: it goes along as it stands.
 */
export function planOriginal(item: MailItem, kind: SmartKind): OriginalPlan {
  const parts = bodyParts(item.structure);
  const isQuoted = isQuotable(item, kind, parts);
  const texts = new Set([...parts.plain, ...parts.rich]);
  const wanted = [...texts].filter((part) => part.sizeBytes > 0).map(({ section }) => section);
  return {
    isQuoted,
    wanted: isQuoted ? wanted.map((section) => ({ number: item.number, section })) : [],
    quote: (fetched) => quoteOf(parts, fetched),
    carried: (quote) => carriedOf(kind, parts, quote),
  };
}

function isQuotable(item: MailItem, kind: SmartKind, { plain, rich }: BodyParts): boolean {
  const { structure } = item;
  const size = [...new Set([...plain, ...rich])].reduce((sum, part) => sum + part.sizeBytes, 0);
  const isUnreadable = structure.type === "multipart" && structure.children.length === 0;
  // Words that are packed together with files are no part that could be quoted.
  const isPacked = size === 0 && partsOf(structure).some(isTnef);
  if (isUnreadable || isPacked || size > maxQuotedBytes) return false;
  // The text of a clear-signed mail can be quoted in an answer; forwarded it would lose its signature.
  if (kind === "reply" && protection(structure) === "signed") return true;
  if (protection(structure) !== "none") return false;
  const isSealed = partsOf(structure).some(isSealedPart);
  return !isSealed || kind === "reply";
}

/** Signed or encrypted, by S/MIME or OpenPGP, wherever in the mail. */
function isSealedPart({ type, subtype }: Part): boolean {
  if (type === "multipart") return subtype === "signed" || subtype === "encrypted";
  return type === "application" && /^(?:x-)?pkcs7-mime$/.test(subtype);
}

function quoteOf(parts: BodyParts, fetched: readonly PartFetched[]): QuotedMail | undefined {
  const bySection = new Map(fetched.map((part) => [part.section, part.bytes]));
  const wanted = [...parts.plain, ...parts.rich];
  const isWhole = wanted.every((part) => part.sizeBytes === 0 || bySection.has(part.section));
  if (!isWhole) return undefined;
  const quoted = (part: Part): QuotedText => {
    const bytes = bySection.get(part.section) ?? Buffer.alloc(0);
    return { html: isHtml(part), text: textOf(part, bytes, false) };
  };
  return { plain: parts.plain.map(quoted), rich: parts.rich.map(quoted) };
}

function carriedOf(kind: SmartKind, parts: BodyParts, quote: QuotedMail): Carried {
  const html = quote.rich.filter((each) => each.html).map((each) => each.text);
  const shown = contentIdsIn(html.join("\n"));
  const isShown = (part: Part): boolean => shown.has(part.contentId);
  const all = parts.attachments.map(({ part }) => part);
  const related = all.filter(isShown);
  if (kind === "reply") return { related, invitation: undefined, attached: [] };
  const invitation = all.find(isInvitation);
  const attached = all.filter((part) => !isShown(part) && part !== invitation);
  // Data that a mail without words shows as its text goes along as the file that it is.
  const substitutes = parts.rich.filter((part) => !isWords(part));
  return { related, invitation, attached: [...substitutes, ...attached] };
}

/** Whoever gets it may answer it (RFC 5546 3.2.2); answers and cancellations are only told of, as files. */
function isInvitation(part: Part): boolean {
  const isCalendar = part.type === "text" && part.subtype === "calendar";
  const method = (part.parameters["method"] ?? "").toUpperCase();
  return isCalendar && method === "REQUEST" && part.disposition !== "attachment";
}

function isWords({ type, subtype }: Part): boolean {
  return type === "text" && /^(?:plain|html|enriched|richtext)$/.test(subtype);
}
