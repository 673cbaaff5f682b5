/** A device's MIME made ready for sending: recipients, Message-ID, Date, From; the rest stays as it is. */
import addressparser from "nodemailer/lib/addressparser/index.js";
import { SendRefused } from "../backend.ts";
import { rfc5322Date } from "../items/email/dates.ts";
import { fieldBytes, headerFields, type HeaderField } from "../items/email/header-fields.ts";
import { withCrlf } from "../items/email/line-ends.ts";
import { joined, octetsOf, sliceOf, type Octets } from "../kit/octets.ts";
import { submittedHeaderBytes } from "./limits.ts";

/** A mail ready to go, and the copy for Sent. */
export interface PreparedMail {
  /** Recipients of To, Cc and Bcc, each once. */
  readonly recipients: readonly string[];
  /** What is sent: without Bcc. */
  readonly mime: Octets;
  /** What is filed: with Bcc. */
  readonly copy: Octets;
}

/** What a device's MIME says of itself. */
export interface SubmittedMail {
  /** Without angle brackets; "" when it has none. */
  readonly messageId: string;
  readonly hasDate: boolean;
  /** The mailboxes of From; empty when it names none. */
  readonly from: readonly { readonly name: string; readonly address: string }[];
  /** Addresses of To, Cc and Bcc, each once. */
  readonly recipients: readonly string[];
  /** How many entries of To, Cc and Bcc have no address: they would vanish without a word. */
  readonly unaddressed: number;
  /** Header fields, each with its folded lines and line end. */
  readonly fields: readonly HeaderField[];
  /** The empty line and everything after it. */
  readonly rest: Octets;
}

/** What is put in where the device left it out. */
export interface Completion {
  readonly messageId: string;
  /** The primary address: what From says unless it names one of `addresses`. */
  readonly from: string;
  readonly addresses: readonly string[];
  readonly date: Date;
}

const lineFeed = 10;
const carriageReturn = 13;

/**
 * Reads a mail's header. Lines that are no fields go along with the field before them. Throws SendRefused
 * for a header that does not end.
 */
export async function readSubmitted(mime: Octets): Promise<SubmittedMail> {
  const crlf = await withCrlf(mime);
  const header = await headerOf(crlf);
  const fields = headerFields(header);
  const values = (name: string) =>
    fields.filter((field) => field.name === name).map((f) => f.value);
  const recipients = ["to", "cc", "bcc"].flatMap(values).flatMap(addressesOf);
  const addressed = recipients.filter((address) => address.includes("@"));
  return {
    messageId: bareId(values("message-id")[0] ?? ""),
    hasDate: values("date").length > 0,
    from: values("from")
      .flatMap((value) => addressparser(value, { flatten: true }))
      .filter(({ address }) => address !== ""),
    recipients: [...new Set(addressed)],
    unaddressed: recipients.length - addressed.length,
    fields,
    rest:
      header.length === crlf.sizeBytes
        ? octetsOf(Buffer.from("\r\n"))
        : sliceOf(crlf, header.length),
  };
}

/** The mail as it is sent and as it is filed. */
export function completeMail(mail: SubmittedMail, completion: Completion): PreparedMail {
  const added = [
    isOwn(mail, completion) ? "" : `From: ${senderOf(mail, completion)}\r\n`,
    mail.hasDate ? "" : `Date: ${rfc5322Date(completion.date)}\r\n`,
    mail.messageId === "" ? `Message-ID: <${completion.messageId}>\r\n` : "",
  ].join("");
  const kept = mail.fields.filter((field) => !isReplaced(field, mail, completion));
  const assemble = (fields: readonly HeaderField[]): Octets => {
    const header = Buffer.concat([fieldBytes(fields), Buffer.from(added)]);
    return joined([header, mail.rest]);
  };
  return {
    recipients: mail.recipients,
    mime: assemble(kept.filter((field) => field.name !== "bcc")),
    copy: assemble(kept),
  };
}

/** A device may send with any address of its account; others become the primary one (MS-ASCMD R448). */
function isOwn({ from }: SubmittedMail, { addresses }: Completion): boolean {
  const own = new Set(addresses.map((address) => address.toLowerCase()));
  return from.length > 0 && from.every(({ address }) => own.has(address.toLowerCase()));
}

/** The primary address under the name that the device gave. */
function senderOf({ from }: SubmittedMail, completion: Completion): string {
  const name = (from[0]?.name ?? "").replace(/\p{Cc}+/gu, " ").trim();
  if (name === "") return `<${completion.from}>`;
  const isWord = /^=\?[!-~]+\?=$/.test(name);
  return `${isWord ? name : `"${name.replace(/["\\]/g, "\\$&")}"`} <${completion.from}>`;
}

/** A field that we put in ourselves. */
function isReplaced(field: HeaderField, mail: SubmittedMail, completion: Completion): boolean {
  if (field.name === "from") return !isOwn(mail, completion);
  return field.name === "message-id" && mail.messageId === "";
}

/** An id with control characters is none: neither servers nor the store would take it. */
function bareId(value: string): string {
  const id = (/<([^<>]*)>/.exec(value)?.[1] ?? value).trim();
  // oxlint-disable-next-line no-control-regex -- these are what is looked for
  return /[\u0000-\u001f\u007f]/.test(id) ? "" : id;
}

function addressesOf(value: string): string[] {
  return addressparser(value, { flatten: true }).map(({ address }) => address);
}

/** What comes before the empty line, or all of a mail without one. */
async function headerOf(crlf: Octets): Promise<Buffer> {
  let read: Buffer = Buffer.alloc(0);
  for await (const piece of crlf.stream()) {
    read = Buffer.concat([read, piece]);
    const end = headerEnd(read);
    if (end !== undefined) return read.subarray(0, end);
    if (read.length > submittedHeaderBytes) {
      throw new SendRefused(
        "rejected",
        `The header is larger than ${submittedHeaderBytes} octets.`,
      );
    }
  }
  return read;
}

/** Where the header ends: at the empty line; undefined: not in these octets. */
function headerEnd(crlf: Buffer): number | undefined {
  if (crlf[0] === carriageReturn && crlf[1] === lineFeed) return 0;
  const empty = crlf.indexOf("\r\n\r\n");
  return empty === -1 ? undefined : empty + 2;
}
