/** A file that a device adds, as a part of a mail. */
import { parameter } from "./carried-part.ts";
import type { AddedAttachment } from "./draft-change.ts";
import type { Content } from "./edited-mail.ts";
import { maxNameLength } from "./limits.ts";
import { withCrlf } from "./text.ts";

/** Octets of a line of base64: 76 characters. */
const lineOctets = 57;

/** The part of an added file: in base64, a mail as it stands (RFC 2046 5.2.1). */
export function addedContent(added: AddedAttachment): Content {
  const isMessage = added.contentType === "message/rfc822";
  const body = isMessage ? messageOctets(added.content) : base64Lines(added.content);
  const encoding = isMessage ? (isSevenBit(body) ? "7bit" : "8bit") : "base64";
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

function messageOctets(content: Buffer): Buffer {
  return Buffer.from(withCrlf(content.toString("latin1")), "latin1");
}

function isSevenBit(octets: Buffer): boolean {
  return octets.every((octet) => octet < 0x80);
}

function base64Lines(content: Buffer): Buffer {
  const lines = Math.ceil(content.length / lineOctets);
  const out = Buffer.alloc(Math.ceil(content.length / 3) * 4 + lines * 2);
  let at = 0;
  for (let from = 0; from < content.length; from += lineOctets) {
    at += out.write(`${content.toString("base64", from, from + lineOctets)}\r\n`, at, "latin1");
  }
  return out.subarray(0, at);
}
