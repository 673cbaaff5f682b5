/** A file that a device adds, as a part of a mail. */
import { base64LinesOf } from "../../kit/base64.ts";
import { octetsOf, scan, type Octets } from "../../kit/octets.ts";
import { parameter } from "./carried-part.ts";
import type { AddedAttachment } from "./draft-change.ts";
import type { Content } from "./edited-mail.ts";
import { maxNameLength } from "./limits.ts";
import { withCrlf } from "./line-ends.ts";

/** The part of an added file: in base64, a mail as it stands (RFC 2046 5.2.1). */
export async function addedContent(added: AddedAttachment): Promise<Content> {
  const isMessage = added.contentType === "message/rfc822";
  const octets = octetsOf(added.content);
  const body = isMessage ? await withCrlf(octets) : base64LinesOf(octets);
  const encoding = isMessage ? ((await isSevenBit(body)) ? "7bit" : "8bit") : "base64";
  const name = nameOf(added.displayName);
  const disposition = added.isInline ? "inline" : "attachment";
  const fields = [
    `Content-Type: ${added.contentType}${parameter("name", name)}`,
    `Content-Transfer-Encoding: ${encoding}`,
    `Content-Disposition: ${disposition}${parameter("filename", name)}`,
    ...idFields(added),
  ];
  return { fields: Buffer.from(fields.map((field) => `${field}\r\n`).join("")), body: [body] };
}

function idFields({ contentId, contentLocation }: AddedAttachment): string[] {
  const id = contentId.replace(/[^!-;=?-~]/g, "");
  const location = contentLocation.replace(/[^!-~]/g, "");
  return [
    ...(id === "" ? [] : [`Content-ID: <${id}>`]),
    ...(location === "" ? [] : [`Content-Location: ${location}`]),
  ];
}

function nameOf(displayName: string): string {
  const clean = displayName.replace(/\p{Cc}+/gu, " ").trim();
  return clean.slice(-maxNameLength).replace(/^[\uDC00-\uDFFF]/, "") || "attachment";
}

async function isSevenBit(octets: Octets): Promise<boolean> {
  for await (const piece of scan(octets)) if (piece.some((octet) => octet >= 0x80)) return false;
  return true;
}
