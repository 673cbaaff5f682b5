/** MessageClass of a mail (MS-ASEMAIL 2.2.2.49). */
import { partsOf } from "./body-parts.ts";
import type { MailItem, Part } from "./message.ts";

/** How a mail is protected: its whole MIME must reach the device unchanged. */
type Protection = "none" | "signed" | "encrypted" | "receipt";

/** The S/MIME protection of a mail (RFC 8551 3.2, 3.5); PGP/MIME is "none", as no device reads it. */
export function protection(structure: Part): Protection {
  if (isMultipart(structure, "signed")) return isSmimeSigned(structure) ? "signed" : "none";
  return structure.type === "application" ? envelopedProtection(structure) : "none";
}

function isMultipart(part: Part, subtype: string): boolean {
  return part.type === "multipart" && part.subtype === subtype;
}

function isSmimeSigned(structure: Part): boolean {
  const protocol = structure.parameters["protocol"] ?? "";
  return [protocol, structure.children.at(-1)?.subtype ?? ""].some((name) =>
    name.toLowerCase().endsWith("pkcs7-signature"),
  );
}

function envelopedProtection(structure: Part): Protection {
  const isPkcs7 = /^(x-)?pkcs7-mime$/.test(structure.subtype);
  // Some gateways lose the type and keep the name (RFC 8551 3.9).
  if (!isPkcs7) return isNamedP7m(structure) ? "encrypted" : "none";
  const type = (structure.parameters["smime-type"] ?? "").toLowerCase();
  if (type === "certs-only") return "none";
  return type === "signed-receipt" ? "receipt" : "encrypted";
}

function isNamedP7m(part: Part): boolean {
  return part.subtype === "octet-stream" && /\.p7m$/i.test(part.fileName);
}

/** The small part that tells what a report or a meeting's message says; it is worth fetching. */
export function detailPart(structure: Part): Part | undefined {
  if (isMultipart(structure, "report")) {
    return structure.children.find((part) => reportDetails.has(part.subtype));
  }
  return protection(structure) === "none" ? invitationPart(structure) : undefined;
}

const reportDetails = new Set([
  "delivery-status",
  "disposition-notification",
  "global-delivery-status",
]);

/** The calendar of a meeting's message: one with a method, else one that is no attached file. */
function invitationPart(structure: Part): Part | undefined {
  const calendars = partsOf(structure).filter(isCalendar);
  return (
    calendars.find((part) => namedMethod(part) !== "") ??
    calendars.find((part) => part.disposition !== "attachment")
  );
}

/** Whether a part is a calendar. */
export function isCalendar(part: Part): boolean {
  return part.type === "text" && part.subtype === "calendar";
}

function namedMethod(part: Part): string {
  return (part.parameters["method"] ?? "").toUpperCase();
}

/** The method by the header of the part (RFC 6047 2.4), or as the calendar itself says it. */
export function methodOf(part: Part, detail: string): string {
  return namedMethod(part) || (/^METHOD:\s*([A-Z]+)/im.exec(detail)?.[1]?.toUpperCase() ?? "");
}

/** The class of a mail; `detail` is the decoded text of its `detailPart`, or "" when not known. */
export function messageClass(
  item: Pick<MailItem, "structure" | "headers">,
  detail: string,
): string {
  const found = classOf(item.structure, detail);
  if (found !== plain) return found;
  const named = namedClass(item.headers["content-class"] ?? "");
  if (named !== undefined) return named;
  // RFC 3834 5: the answers of a vacation program; what other programs send by themselves is auto-generated.
  const isAutoReply = /^auto-replied\b/i.test(item.headers["auto-submitted"]?.trim() ?? "");
  return isAutoReply ? "IPM.Note.Rules.OofTemplate.Microsoft" : plain;
}

const plain = "IPM.Note";

/** What Exchange and Outlook write into Content-Class of mails that are neither S/MIME, reports nor meetings. */
const namedClasses: ReadonlyMap<string, string> = new Map([
  ["infopathform", "IPM.InfoPathForm"],
  ["sharing", "IPM.Sharing"],
  ["voice", "IPM.Note.Microsoft.Voicemail.UM"],
  ["voice-ca", "IPM.Note.Microsoft.Voicemail.UM.CA"],
  ["voice-uc", "IPM.Note.Microsoft.Conversation.Voice"],
  ["missedcall", "IPM.Note.Microsoft.Missed.Voice"],
  ["fax", "IPM.Note.Microsoft.Fax"],
  ["fax-ca", "IPM.Note.Microsoft.Fax.CA"],
]);

/** "InfoPathForm.{id}.{name}" names the form behind a dot, which says nothing to a device. */
function namedClass(contentClassField: string): string | undefined {
  return namedClasses.get(contentClassField.trim().toLowerCase().split(".", 1)[0] ?? "");
}

function classOf(structure: Part, detail: string): string {
  const protectedBy = protection(structure);
  if (protectedBy === "encrypted") return "IPM.Note.SMIME";
  if (protectedBy === "signed") return "IPM.Note.SMIME.MultipartSigned";
  if (protectedBy === "receipt") return "IPM.Note.Receipt.SMIME";
  if (isMultipart(structure, "report")) return reportClass(structure, detail);
  const invitation = invitationPart(structure);
  return invitation === undefined ? plain : meetingClass(methodOf(invitation, detail), detail);
}

function reportClass(structure: Part, detail: string): string {
  const type = (structure.parameters["report-type"] ?? "").toLowerCase();
  const kind = detailPart(structure)?.subtype ?? type;
  if (kind.endsWith("disposition-notification")) {
    const unread = /^disposition:[^\r\n]*\b(deleted|denied|failed)\b/im.test(detail);
    return unread ? "REPORT.IPM.Note.IPNNRN" : "REPORT.IPM.Note.IPNRN";
  }
  if (!kind.endsWith("delivery-status")) return plain;
  return reportOn(returnedClass(structure), deliveryKind(detail));
}

/** One recipient that failed makes it a non-delivery report (RFC 3464 2.3.3). */
function deliveryKind(detail: string): "NDR" | "DELAYED" | "DR" {
  const actions = [...detail.matchAll(/^action:[ \t]*([a-z]+)/gim)].map((m) => m[1]?.toLowerCase());
  if (actions.length === 0 || actions.includes("failed")) return "NDR";
  return actions.includes("delayed") ? "DELAYED" : "DR";
}

/** The class of the mail that a report returns whole (RFC 3462 2); of its header alone nothing is known. */
function returnedClass(structure: Part): string {
  const returned = structure.children.find((part) => part.envelope !== undefined)?.children[0];
  return returned === undefined ? plain : classOf(returned, "");
}

/** Kinds of reports that exist for a class beside IPM.Note (MS-ASEMAIL 2.2.2.49). */
const reports: Readonly<Record<string, readonly string[]>> = {
  "IPM.Schedule.Meeting.Request": ["NDR"],
  "IPM.Schedule.Meeting.Canceled": ["NDR"],
  "IPM.Note.SMIME": ["NDR", "DR"],
  "IPM.Note.SMIME.MultipartSigned": ["NDR", "DR"],
};

function reportOn(about: string, kind: string): string {
  return `REPORT.${reports[about]?.includes(kind) === true ? about : plain}.${kind}`;
}

const answers: ReadonlyMap<string, string> = new Map([
  ["ACCEPTED", "IPM.Schedule.Meeting.Resp.Pos"],
  ["DECLINED", "IPM.Schedule.Meeting.Resp.Neg"],
  ["TENTATIVE", "IPM.Schedule.Meeting.Resp.Tent"],
]);

function meetingClass(method: string, detail: string): string {
  if (method === "REQUEST") return "IPM.Schedule.Meeting.Request";
  if (method === "CANCEL") return "IPM.Schedule.Meeting.Canceled";
  if (method === "COUNTER") return "IPM.Schedule.Meeting.Resp.Tent";
  if (method !== "REPLY") return plain;
  const partStat = /PARTSTAT\s*=\s*"?([A-Z-]+)/i.exec(detail)?.[1]?.toUpperCase() ?? "";
  return answers.get(partStat) ?? plain;
}

/** "urn:content-classes:message" for mail (MS-ASEMAIL 2.2.2.20); meetings as in the examples of 4.1.5. */
export function contentClass(ofMessage: string): string {
  const isMeeting = ofMessage.startsWith("IPM.Schedule.Meeting.");
  return `urn:content-classes:${isMeeting ? "calendarmessage" : "message"}`;
}
