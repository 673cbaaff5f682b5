/** Parts of a mail that are TNEF, shown as what is packed into them. */
import { emlOf, readTnef, type Tnef, type TnefAttachment } from "../tnef/index.ts";
import { bodyParts, findPart, partsOf } from "./body-parts.ts";
import { maxTnefBytes, maxTnefParts } from "./limits.ts";
import { protection } from "./message-class.ts";
import type { MailItem, Part, PartFetched } from "./message.ts";
import { decodeTransfer } from "./transfer.ts";

/** The TNEF parts that are small enough to be looked into; none in a mail that must stay as it is. */
export function tnefParts(structure: Part): readonly Part[] {
  if (protection(structure) !== "none") return [];
  const small = partsOf(structure).filter((part) => isTnef(part) && part.sizeBytes <= maxTnefBytes);
  return small.slice(0, maxTnefParts);
}

/** Whether a part is TNEF, by its type or by the name that Outlook gives it. */
export function isTnef(part: Part): boolean {
  if (part.type !== "application") return false;
  if (/^(?:vnd\.)?ms-tnef$/.test(part.subtype)) return true;
  return part.subtype === "octet-stream" && /^win(?:mail)?\.dat$/i.test(part.fileName);
}

/** A mail and what was fetched of it. */
interface Unpacked {
  readonly item: MailItem;
  readonly fetched: ReadonlyMap<string, PartFetched>;
}

/** The mail with its TNEF parts unpacked; as it is where there is none, or none that can be read. */
export function unpacked(mail: Unpacked): Unpacked {
  return tnefParts(mail.item.structure).reduce(unpackedPart, mail);
}

function unpackedPart(mail: Unpacked, part: Part): Unpacked {
  const got = mail.fetched.get(part.section);
  const tnef = got && readTnef(decodeTransfer(got.bytes, part.encoding));
  if (got === undefined || tnef === undefined) return mail;
  const { structure } = mail.item;
  const isBodiless = !bodyParts(structure).rich.some(({ sizeBytes }) => sizeBytes > 0);
  const texts = isBodiless ? bodiesOf(tnef, part) : [];
  const attachments = tnef.attachments.map((each, index) => attachedPart(each, part, index));
  const children = [...texts.map((each) => each.part), ...attachments];
  if (children.length === 0) return mail;
  const inside = { ...part, type: "multipart", subtype: "related", children };
  const fetched = new Map(mail.fetched);
  for (const { part: text, bytes } of texts) {
    fetched.set(text.section, { number: mail.item.number, section: text.section, bytes });
  }
  const replaced = replacedIn(structure, part, inside);
  return { item: { ...mail.item, structure: replaced }, fetched };
}

function replacedIn(node: Part, old: Part, by: Part): Part {
  if (node === old) return by;
  if (node.type !== "multipart") return node;
  return { ...node, children: node.children.map((child) => replacedIn(child, old, by)) };
}

interface Text {
  readonly part: Part;
  readonly bytes: Buffer;
}

/** HTML and plain text as the alternatives that they are. */
function bodiesOf({ text, html }: Tnef, of: Part): readonly Text[] {
  const plain = text === undefined ? [] : [textPart(of, "plain", text)];
  const rich = html === undefined ? [] : [textPart(of, "html", html)];
  return rich.length > 0 ? rich : plain;
}

const bare = {
  encoding: "8bit",
  disposition: "",
  fileName: "",
  contentId: "",
  contentLocation: "",
};

function textPart(of: Part, subtype: string, text: string): Text {
  const bytes = Buffer.from(text);
  const section = innerSection(of, subtype);
  const parameters = { charset: "utf-8" };
  const named = { section, type: "text", subtype, parameters, sizeBytes: bytes.length };
  return { part: { ...bare, ...named, children: [] }, bytes };
}

/** "2~1": the first attachment of part 2. */
function innerSection(of: Part, name: number | string): string {
  return `${of.section}~${name}`;
}

function attachedPart(attachment: TnefAttachment, of: Part, index: number): Part {
  const [type = "application", subtype = "octet-stream"] = typeOf(attachment).split("/");
  const { name, contentId, contentLocation, data } = attachment;
  return {
    ...bare,
    section: innerSection(of, index + 1),
    type,
    subtype,
    parameters: {},
    sizeBytes: data.length,
    // Outlook gives pictures in the text an id; what has none is a file.
    disposition: contentId === "" ? "attachment" : "",
    fileName: name,
    contentId,
    contentLocation,
    children: [],
  };
}

function typeOf({ mimeType, message, isOle }: TnefAttachment): string {
  if (message !== undefined) return "message/rfc822";
  if (isOle) return "application/oleobject";
  return /^[\w.+-]+\/[\w.+-]+$/.test(mimeType) ? mimeType : "application/octet-stream";
}

/** The TNEF part and the place in it that an inner section names; undefined for other sections. */
export function tnefPlaceOf(
  structure: Part,
  section: string,
): { readonly part: Part; readonly index: number } | undefined {
  const [, outer = "", place] = /^([\d.]+)~(\d{1,4})$/.exec(section) ?? [];
  if (place === undefined) return undefined;
  const part = findPart(structure, outer);
  if (part === undefined || !isTnef(part) || part.sizeBytes > maxTnefBytes) return undefined;
  return { part, index: Number(place) - 1 };
}

/** An attachment inside a TNEF stream: its bytes and what they are. */
export function tnefAttachment(
  bytes: Buffer,
  index: number,
): { readonly contentType: string; readonly data: Buffer } | undefined {
  const attachment = readTnef(bytes)?.attachments[index];
  if (attachment === undefined) return undefined;
  const { message, data } = attachment;
  return { contentType: typeOf(attachment), data: message === undefined ? data : emlOf(message) };
}
