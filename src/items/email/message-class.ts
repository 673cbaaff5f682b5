/** MessageClass of a mail (MS-ASEMAIL 2.2.2.49). */
import { partsOf } from "./body-parts.ts";
import type { Part } from "./message.ts";

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

/** The small part that tells what a report or a calendar reply says; it is worth fetching. */
export function detailPart(structure: Part): Part | undefined {
  const subtypes = ["delivery-status", "disposition-notification", "global-delivery-status"];
  if (isMultipart(structure, "report")) {
    return structure.children.find((part) => subtypes.includes(part.subtype));
  }
  const invitation = invitationPart(structure);
  return invitation !== undefined && methodOf(invitation) === "REPLY" ? invitation : undefined;
}

function invitationPart(structure: Part): Part | undefined {
  for (const part of partsOf(structure)) {
    if (part.type === "text" && part.subtype === "calendar" && methodOf(part) !== "") return part;
  }
  return undefined;
}

function methodOf(part: Part): string {
  return (part.parameters["method"] ?? "").toUpperCase();
}

/** The class of a mail; `detail` is the decoded text of its `detailPart`, or "" when not known. */
export function messageClass(structure: Part, detail: string): string {
  const protectedBy = protection(structure);
  if (protectedBy === "encrypted") return "IPM.Note.SMIME";
  if (protectedBy === "signed") return "IPM.Note.SMIME.MultipartSigned";
  if (protectedBy === "receipt") return "IPM.Note.Receipt.SMIME";
  if (isMultipart(structure, "report")) {
    return reportClass(structure, detail);
  }
  const invitation = invitationPart(structure);
  return invitation === undefined ? "IPM.Note" : meetingClass(methodOf(invitation), detail);
}

function reportClass(structure: Part, detail: string): string {
  const type = (structure.parameters["report-type"] ?? "").toLowerCase();
  const kind = detailPart(structure)?.subtype ?? type;
  if (kind.endsWith("disposition-notification")) {
    const unread = /^disposition:[^\r\n]*\b(deleted|denied|failed)\b/im.test(detail);
    return unread ? "REPORT.IPM.Note.IPNNRN" : "REPORT.IPM.Note.IPNRN";
  }
  return kind.endsWith("delivery-status") ? deliveryClass(detail) : "IPM.Note";
}

/** One recipient that failed makes it a non-delivery report (RFC 3464 2.3.3). */
function deliveryClass(detail: string): string {
  const actions = [...detail.matchAll(/^action:[ \t]*([a-z]+)/gim)].map((m) => m[1]?.toLowerCase());
  if (actions.length === 0 || actions.includes("failed")) return "REPORT.IPM.Note.NDR";
  return actions.includes("delayed") ? "REPORT.IPM.Note.DELAYED" : "REPORT.IPM.Note.DR";
}

const answers: Readonly<Record<string, string>> = {
  ACCEPTED: "IPM.Schedule.Meeting.Resp.Pos",
  DECLINED: "IPM.Schedule.Meeting.Resp.Neg",
  TENTATIVE: "IPM.Schedule.Meeting.Resp.Tent",
};

function meetingClass(method: string, detail: string): string {
  if (method === "REQUEST") return "IPM.Schedule.Meeting.Request";
  if (method === "CANCEL") return "IPM.Schedule.Meeting.Canceled";
  if (method !== "REPLY") return "IPM.Note";
  const partStat = /PARTSTAT\s*=\s*"?([A-Z-]+)/i.exec(detail)?.[1]?.toUpperCase() ?? "";
  return answers[partStat] ?? "IPM.Note";
}
