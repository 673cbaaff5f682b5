/** A message inside a TNEF stream as a mail of its own (RFC 5322). */
import libmime from "libmime";
import type { Tnef, TnefAttachment } from "./tnef.ts";

/** The mail, whole: subject, body, attachments. Who wrote it and when is not told. */
export function emlOf(message: Tnef): Buffer {
  const parts = [bodyPart(message), ...message.attachments.map(attachmentPart)];
  const boundary = "eastgate-tnef-message";
  const head = [
    `Subject: ${libmime.encodeWords(message.subject.replace(/\s+/g, " "))}`,
    "MIME-Version: 1.0",
    `Content-Type: multipart/mixed; boundary="${boundary}"`,
    "",
  ];
  const body = parts.map((each) => `--${boundary}\r\n${each}\r\n`).join("");
  return Buffer.from(`${head.join("\r\n")}\r\n${body}--${boundary}--\r\n`);
}

function bodyPart({ html, text = "" }: Tnef): string {
  const subtype = html === undefined ? "plain" : "html";
  return part(`text/${subtype}; charset=utf-8`, Buffer.from(html ?? text));
}

function attachmentPart({ name, mimeType, message, data }: TnefAttachment): string {
  if (message !== undefined)
    return `Content-Type: message/rfc822\r\n\r\n${emlOf(message).toString("latin1")}`;
  const type = /^[\w.+-]+\/[\w.+-]+$/.test(mimeType) ? mimeType : "application/octet-stream";
  const fileName = libmime
    .buildHeaderParam("filename", name)
    .map((each) => `${each.key}=${each.value}`);
  return part(type, data, `Content-Disposition: attachment; ${fileName.join("; ")}\r\n`);
}

function part(contentType: string, data: Buffer, disposition = ""): string {
  const lines = data.toString("base64").replace(/.{76}/g, "$&\r\n");
  return `Content-Type: ${contentType}\r\n${disposition}Content-Transfer-Encoding: base64\r\n\r\n${lines}`;
}
