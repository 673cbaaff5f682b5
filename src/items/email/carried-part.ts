/** Parts of the original as parts of another mail: their own Content-* fields, their octets as they are. */
import type { Octets } from "../../kit/octets.ts";
import { attachmentName } from "./attachments.ts";
import type { Content } from "./edited-mail.ts";
import { fieldBytes, headerFields, isContentField } from "./header-fields.ts";
import type { MailItem, Part } from "./message.ts";

/** A part of the original with what the mail server told of it. */
export interface CarriedPart {
  readonly part: Part;
  /** Its header as it came; empty where the server told none. */
  readonly header: Buffer;
  /** The wire octets; in base64 where the part was binary. */
  readonly octets: Octets;
}

/** Whether no server need take the octets of a part as they are: they go on in base64. */
export function needsBase64({ type, encoding }: Part): boolean {
  const isKnown = ["7bit", "8bit", "base64", "quoted-printable"].includes(encoding.toLowerCase());
  // A message may not be encoded (RFC 2046 5.2.1).
  return !isKnown && type !== "message";
}

/** A part as it goes along; `contentId` where it must have another one. */
export function carriedContent(carried: CarriedPart, contentId?: string): Content {
  const { part, header, octets } = carried;
  const own = headerFields(header).filter(isContentField);
  const hasType = own.some(({ name }) => name === "content-type");
  const fields = hasType ? own : headerFields(Buffer.from(describedFields(part)));
  const isEncoded = needsBase64(part);
  const kept = fields.filter(
    ({ name }) =>
      !(isEncoded && name === "content-transfer-encoding") &&
      !(contentId !== undefined && name === "content-id"),
  );
  const added = [
    isEncoded ? "Content-Transfer-Encoding: base64\r\n" : "",
    contentId === undefined ? "" : `Content-ID: <${contentId}>\r\n`,
  ];
  return { fields: Buffer.concat([fieldBytes(kept), Buffer.from(added.join(""))]), body: [octets] };
}

function describedFields(part: Part): string {
  const { type, subtype, parameters, encoding, contentId, disposition } = part;
  const named = Object.entries(parameters).map(([name, value]) => parameter(name, value));
  const fileName = part.fileName === "" ? "" : parameter("filename", part.fileName);
  return [
    `Content-Type: ${type}/${subtype}${named.join("")}`,
    `Content-Transfer-Encoding: ${encoding}`,
    contentId === "" ? "" : `Content-ID: <${contentId}>`,
    `Content-Disposition: ${disposition || "attachment"}${fileName}`,
  ]
    .filter((field) => field !== "")
    .map((field) => `${field}\r\n`)
    .join("");
}

/** A parameter of a field; one beyond ASCII as RFC 2231 writes it. */
export function parameter(name: string, value: string): string {
  const clean = value.replace(/\p{Cc}+/gu, " ");
  if (/^[ -~]*$/.test(clean)) return `;\r\n ${name}="${clean.replace(/["\\]/g, "\\$&")}"`;
  return `;\r\n ${name}*=utf-8''${encodeURIComponent(clean).replace(/['()*]/g, percentEncoded)}`;
}

function percentEncoded(char: string): string {
  return `%${char.charCodeAt(0).toString(16).toUpperCase()}`;
}

/** The whole original as an attachment, as it stands. */
export function attachedOriginal(item: MailItem, octets: readonly Octets[]): Content {
  const name = attachmentName(embeddedPart(item), 1);
  const fields = [
    `Content-Type: message/rfc822${parameter("name", name)}`,
    `Content-Disposition: attachment${parameter("filename", name)}`,
    `Content-Transfer-Encoding: ${isSevenBit(item.structure) ? "7bit" : "8bit"}`,
  ];
  return { fields: Buffer.from(fields.map((field) => `${field}\r\n`).join("")), body: octets };
}

function embeddedPart({ structure, envelope, sizeBytes }: MailItem): Part {
  const type = { type: "message", subtype: "rfc822" };
  const nameless = { fileName: "", contentId: "", contentLocation: "", parameters: {} };
  return { ...structure, ...type, ...nameless, envelope, sizeBytes, children: [structure] };
}

function isSevenBit(part: Part): boolean {
  const isLeaf = part.children.length === 0;
  if (isLeaf) return /^(?:7bit|base64|quoted-printable)$/i.test(part.encoding);
  return part.children.every(isSevenBit);
}
