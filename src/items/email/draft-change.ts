/** What a device writes into a draft (MS-ASEMAIL 3.1.5.4). */
import libmime from "libmime";
import { StatusError } from "../../../schemas/status.ts";
import type { Octets } from "../../kit/octets.ts";
import type { EmailData } from "./data.ts";
import { bodyTypes } from "./options.ts";

/** The fields that make one block: where a device names one of them, those that it leaves out are emptied. */
export interface DraftHeader {
  readonly to: string;
  readonly cc: string;
  readonly bcc: string;
  readonly replyTo: string;
  readonly subject: string;
  /** 0 low, 1 normal, 2 high; undefined: not named. */
  readonly importance: 0 | 1 | 2 | undefined;
}

/** The text of a draft, or with "mime" the whole mail. */
export type DraftBody =
  | { readonly form: "text" | "html"; readonly text: string }
  | { readonly form: "mime"; readonly mime: Buffer };

/** A file that a device adds to a draft (MS-ASAIRS 2.2.2.2). */
export interface AddedAttachment {
  readonly clientId: string;
  readonly displayName: string;
  /** "type/subtype" in lower case. */
  readonly contentType: string;
  readonly content: Buffer | Octets;
  readonly contentId: string;
  readonly contentLocation: string;
  readonly isInline: boolean;
}

/** A change of a draft's content; undefined stays as it is. */
export interface DraftChange {
  readonly header: DraftHeader | undefined;
  readonly body: DraftBody | undefined;
  readonly added: readonly AddedAttachment[];
  /** FileReferences of attachments to be taken out. */
  readonly deleted: readonly string[];
}

const badItem = 6;

/**
 * The content that a device gives a draft. Throws `StatusError` 6 for what no draft may have: another body
 * type, an attachment of another method (MS-ASAIRS 2.2.2.31.1), an Attachment element (MS-ASAIRS R88).
 */
export function fromEasDraft(data: EmailData): DraftChange {
  const attachments = data.Attachments ?? [];
  if (attachments.some((each) => "Attachment" in each)) {
    throw new StatusError(badItem, "a request has no Attachment element");
  }
  return {
    header: headerOf(data),
    body: bodyOf(data.Body),
    added: attachments.flatMap((each) => ("Add" in each ? [attachmentOf(each.Add)] : [])),
    deleted: attachments.flatMap((each) => ("Delete" in each ? [each.Delete.FileReference] : [])),
  };
}

/** Whether a change touches the content, rather than Read, Flag or Categories alone. */
export function changesContent({ header, body, added, deleted }: DraftChange): boolean {
  return header !== undefined || body !== undefined || added.length > 0 || deleted.length > 0;
}

/**
 * In-schema properties that a Change leaves out are deleted (MS-ASCMD 2.2.3.24, R879). A Change that names
 * none of them, only a body or files, is taken as one of those alone: an empty To says that there is none.
 */
function headerOf(data: EmailData): DraftHeader | undefined {
  const named = [data.To, data.Cc, data.Bcc, data.ReplyTo, data.Subject, data.Importance];
  if (named.every((each) => each === undefined)) return undefined;
  return {
    to: data.To ?? "",
    cc: data.Cc ?? "",
    bcc: data.Bcc ?? "",
    replyTo: data.ReplyTo ?? "",
    subject: data.Subject ?? "",
    importance: importanceOf(data.Importance),
  };
}

function importanceOf(value: number | undefined): DraftHeader["importance"] {
  if (value === undefined || value === 0 || value === 1 || value === 2) return value;
  throw new StatusError(badItem, `Importance is ${value}; 0, 1 and 2 are possible`);
}

/** A Body without Data leaves the body as it is (MS-ASCMD 2.2.3.24, R878). */
function bodyOf(body: EmailData["Body"]): DraftBody | undefined {
  if (body?.Data === undefined) return undefined;
  const { Type, Data } = body;
  if (typeof Data !== "string" && !Buffer.isBuffer(Data)) {
    throw new StatusError(badItem, "the text of a draft is larger than memory takes");
  }
  const octets = typeof Data === "string" ? Buffer.from(Data) : Data;
  if (Type === bodyTypes.text) return { form: "text", text: octets.toString("utf8") };
  if (Type === bodyTypes.html) return { form: "html", text: octets.toString("utf8") };
  if (Type === bodyTypes.mime && octets.length > 0) return { form: "mime", mime: octets };
  throw new StatusError(badItem, `a draft has no body of type ${Type ?? "none"}`);
}

type Added = Extract<NonNullable<EmailData["Attachments"]>[number], { Add: unknown }>["Add"];

const methods = { normal: 1, embeddedMessage: 5 } as const;

function attachmentOf(added: Added): AddedAttachment {
  const { Method, DisplayName } = added;
  if (Method !== methods.normal && Method !== methods.embeddedMessage) {
    throw new StatusError(badItem, `an attachment of method ${Method} cannot be added`);
  }
  return {
    clientId: added.ClientId,
    displayName: DisplayName,
    contentType: Method === methods.embeddedMessage ? "message/rfc822" : contentTypeOf(added),
    content: added.Content,
    contentId: (added.ContentId ?? "").replace(/^<|>$/g, ""),
    contentLocation: added.ContentLocation ?? "",
    isInline: added.IsInline === true,
  };
}

/** The type that the device tells, else that of the name's extension; no container, as its content is one file. */
function contentTypeOf({ ContentType, DisplayName }: Added): string {
  const told = (ContentType ?? "").trim().toLowerCase();
  const known = /^[a-z0-9!#$&^_.+-]{1,64}\/[a-z0-9!#$&^_.+-]{1,64}$/.test(told)
    ? told
    : libmime.detectMimeType(DisplayName);
  return /^(?:multipart|message)\//.test(known) ? "application/octet-stream" : known;
}
