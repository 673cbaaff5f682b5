/** airsyncbase:Attachments of a mail (MS-ASAIRS 2.2.2.8). */
import libmime from "libmime";
import type { AttachedPart } from "./body-parts.ts";
import type { EmailData } from "./data.ts";
import { maxAttachments, maxNameLength } from "./limits.ts";
import type { Part } from "./message.ts";
import { decodedSize } from "./transfer.ts";

/** One Attachment element. */
type Attachment = Extract<
  NonNullable<EmailData["Attachments"]>[number],
  { Attachment: unknown }
>["Attachment"];

/** Method of an attachment (MS-ASAIRS 2.2.2.31.2). */
const methods = { normal: 1, embeddedMessage: 5, ole: 6 } as const;

/** The attachments in the order of the mail; undefined when it has none. */
export function attachmentsOf(
  attached: readonly AttachedPart[],
  fileReference: (section: string) => string,
): { Attachment: Attachment }[] | undefined {
  if (attached.length === 0) return undefined;
  return attached.slice(0, maxAttachments).map((each, at) => ({
    Attachment: attachmentOf(each, at + 1, fileReference(each.part.section)),
  }));
}

function attachmentOf(attached: AttachedPart, place: number, fileReference: string): Attachment {
  const { part } = attached;
  return {
    DisplayName: attachmentName(part, place),
    FileReference: fileReference,
    Method: methodOf(part),
    EstimatedDataSize: decodedSize(part.sizeBytes, part.encoding),
    ...(part.contentId === "" ? {} : { ContentId: part.contentId }),
    ...(part.contentLocation === "" ? {} : { ContentLocation: part.contentLocation }),
    ...(isInline(attached) ? { IsInline: true } : {}),
  };
}

function methodOf(part: Part): number {
  if (isEmbeddedMessage(part)) return methods.embeddedMessage;
  return part.type === "application" && part.subtype === "oleobject" ? methods.ole : methods.normal;
}

function isEmbeddedMessage(part: Part): boolean {
  return part.type === "message" && (part.subtype === "rfc822" || part.subtype === "global");
}

/** Many mailers give every part a Content-ID: only what HTML can show counts as inline. */
function isInline({ part, related }: AttachedPart): boolean {
  if (part.contentId === "" && part.contentLocation === "") return false;
  if (related) return part.disposition !== "attachment" || part.type === "image";
  return part.type === "image" && part.disposition === "inline" && part.contentId !== "";
}

/** The name that a device shows and stores: never empty, never a path, with an extension. */
export function attachmentName(part: Part, place: number): string {
  const name = cleanName(part.fileName);
  if (isEmbeddedMessage(part)) return embeddedName(part, name);
  if (name !== "") return name;
  if (part.subtype === "ms-tnef") return "winmail.dat";
  return `${defaultStem(part)}${place}.${extensionOf(part)}`;
}

/** The file of an embedded message has the extension .eml (MS-ASAIRS 2.2.2.31.2). */
function embeddedName(part: Part, name: string): string {
  const stem =
    name === "" ? cleanName((part.envelope?.subject ?? "").replace(/[\\/]/g, "_")) : name;
  const known = stem === "" ? "message" : stem;
  return /\.eml$/i.test(known) ? known : `${shortened(known, maxNameLength - 4)}.eml`;
}

function defaultStem(part: Part): string {
  return part.type === "image" ? "image" : "attachment";
}

function extensionOf(part: Part): string {
  if (part.type === "text" && part.subtype === "calendar") return "ics";
  if (part.type === "text" && part.subtype === "html") return "html";
  if (part.type === "message") return "txt";
  const known = libmime.detectExtension(`${part.type}/${part.subtype}`);
  return known === "bin" && part.type === "text" ? "txt" : known;
}

/** Without folders, control characters and marks that reverse the reading direction of the extension. */
function cleanName(name: string): string {
  const base = name.split(/[\\/]/).findLast((segment) => segment.trim() !== "") ?? "";
  const clean = base
    .replace(/[\p{Cc}\p{Cs}\u200E\u200F\u202A-\u202E\u2066-\u2069\uFEFF]/gu, "")
    .trim();
  return /^\.+$/.test(clean) ? "" : shortened(clean, maxNameLength);
}

/** Shortened in the middle of the stem, so that the extension stays. */
function shortened(name: string, maxLength: number): string {
  if (name.length <= maxLength) return name;
  const extension = /\.[A-Za-z0-9]{1,10}$/.exec(name)?.[0] ?? "";
  return `${name.slice(0, maxLength - extension.length).replace(/[\uD800-\uDBFF]$/, "")}${extension}`;
}
