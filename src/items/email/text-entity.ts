/** Entities with text that we write ourselves: in UTF-8, quoted-printable or base64. */
import { encode, wrap } from "nodemailer/lib/qp/index.js";
import { withCrlf } from "./text.ts";

/** Octets beyond ASCII in this share or more: base64 is shorter than quoted-printable. */
const base64Share = 1 / 6;

const lineLength = 76;

/** A text part without its header's other fields: Content-Type and Content-Transfer-Encoding, then the text. */
export interface TextEntity {
  /** Fields, each with its line end. */
  readonly fields: string;
  readonly body: Buffer;
}

/** Text as a part of a mail (MS-ASCMD R548, R584: UTF-8 whatever the mails that it was made of had). */
export function textEntity(text: string, subtype: "plain" | "html"): TextEntity {
  const octets = Buffer.from(withCrlf(text), "utf8");
  const isBase64 = countBeyondAscii(octets) >= octets.length * base64Share && octets.length > 0;
  const encoding = isBase64 ? "base64" : "quoted-printable";
  const fields = [
    `Content-Type: text/${subtype}; charset=utf-8`,
    `Content-Transfer-Encoding: ${encoding}`,
  ];
  const body = isBase64 ? base64Lines(octets) : wrap(encode(octets), lineLength);
  return { fields: fields.map((field) => `${field}\r\n`).join(""), body: Buffer.from(body) };
}

function countBeyondAscii(octets: Buffer): number {
  let count = 0;
  for (const octet of octets) if (octet > 0x7f) count++;
  return count;
}

function base64Lines(octets: Buffer): string {
  return octets.toString("base64").replace(/.{76}(?!$)/g, "$&\r\n");
}
