/** TNEF, the "winmail.dat" of Outlook (MS-OXTNEF): its attachments and its body. */
import { decodeText } from "../email/charset.ts";
import { Bytes } from "./bytes.ts";
import { maxTnefAttachments, maxTnefDepth } from "./limits.ts";
import { mapiProperties, numberOfValue, textOfValue, type MapiValue } from "./mapi-properties.ts";
import { decompressRtf } from "./rtf-compressed.ts";
import { readRtf } from "./rtf.ts";

/** What is packed into a TNEF stream. */
export interface Tnef {
  readonly subject: string;
  /** The body as far as there is one in this form. */
  readonly text: string | undefined;
  readonly html: string | undefined;
  readonly attachments: readonly TnefAttachment[];
}

/** One attachment; its place in the list names it. */
export interface TnefAttachment {
  readonly name: string;
  /** "image/png", or "". */
  readonly mimeType: string;
  readonly contentId: string;
  readonly contentLocation: string;
  readonly data: Buffer;
  /** An OLE object (ATTACH_OLE). */
  readonly isOle: boolean;
  /** The message in it, where it is one (ATTACH_EMBEDDED_MSG). */
  readonly message: Tnef | undefined;
}

const signature = 0x223e9f78;

/** Attributes by the number in their id (MS-OXTNEF 2.1.3.3). */
const attribute = {
  subject: 0x8004,
  body: 0x800c,
  attachData: 0x800f,
  attachTitle: 0x8010,
  attachRenddata: 0x9002,
  messageProperties: 0x9003,
  attachProperties: 0x9005,
  oemCodepage: 0x9007,
} as const;

/** Ids of MAPI properties (MS-OXPROPS). */
const property = {
  subject: 0x0037,
  body: 0x1000,
  rtfCompressed: 0x1009,
  html: 0x1013,
  displayName: 0x3001,
  attachData: 0x3701,
  attachFilename: 0x3704,
  attachMethod: 0x3705,
  attachLongFilename: 0x3707,
  attachMimeTag: 0x370e,
  attachContentId: 0x3712,
  attachContentLocation: 0x3713,
  internetCodepage: 0x3fde,
} as const;

const attachMethod = { embedded: 5, ole: 6 } as const;

/** Unpacks a TNEF stream; undefined for what is none. Never throws: what breaks off ends with what came before. */
export function readTnef(bytes: Buffer, depth = 0): Tnef | undefined {
  if (bytes.length < 6 || bytes.readUInt32LE() !== signature) return undefined;
  const unpacking = new Unpacking(depth);
  const rest = new Bytes(bytes.subarray(6));
  try {
    while (rest.left > 0) unpacking.take(attributeOf(rest));
  } catch {
    // TnefError: many a mailer cuts the stream or adds something behind it.
  }
  return unpacking.done();
}

interface Attribute {
  readonly id: number;
  readonly data: Buffer;
}

/** Level, id, type, length, data, checksum (MS-OXTNEF 2.1.3.1); what the checksum says is not looked at. */
function attributeOf(bytes: Bytes): Attribute {
  bytes.byte();
  const id = bytes.short();
  bytes.short();
  const data = bytes.take(bytes.long());
  bytes.take(Math.min(2, bytes.left));
  return { id, data };
}

interface Open {
  title: Buffer;
  data: Buffer;
  properties: ReadonlyMap<number, MapiValue>;
}

class Unpacking {
  readonly #depth: number;
  readonly #attachments: Open[] = [];
  #codepage = 1252;
  #subject: Buffer = Buffer.alloc(0);
  #body: Buffer | undefined;
  #properties: ReadonlyMap<number, MapiValue> = new Map();

  constructor(depth: number) {
    this.#depth = depth;
  }

  take({ id, data }: Attribute): void {
    switch (id) {
      case attribute.oemCodepage:
        this.#codepage = data.length >= 4 ? data.readUInt32LE() : this.#codepage;
        return;
      case attribute.subject:
        this.#subject = data;
        return;
      case attribute.body:
        this.#body = data;
        return;
      case attribute.messageProperties:
        this.#properties = mapiProperties(data);
        return;
      case attribute.attachRenddata:
        this.#attachments.push({
          title: Buffer.alloc(0),
          data: Buffer.alloc(0),
          properties: new Map(),
        });
        return;
      default:
        this.#takeOfAttachment(id, data);
    }
  }

  #takeOfAttachment(id: number, data: Buffer): void {
    const open = this.#attachments.at(-1);
    if (open === undefined) return;
    if (id === attribute.attachTitle) open.title = data;
    else if (id === attribute.attachData) open.data = data;
    else if (id === attribute.attachProperties) open.properties = mapiProperties(data);
  }

  done(): Tnef {
    const decode = (bytes: Buffer): string =>
      decodeText(bytes, { charset: charsetOf(this.#codepage) });
    const subject = textOfValue(this.#properties.get(property.subject), decode);
    const { text, html } = bodyOf(this.#properties, this.#body, decode);
    const open = this.#attachments.slice(0, maxTnefAttachments);
    return {
      subject: subject === "" ? decode(this.#subject).replace(/\0[^]*$/, "") : subject,
      text,
      html,
      attachments: open.flatMap((each) => attachmentOf(each, decode, this.#depth) ?? []),
    };
  }
}

/** Windows' code pages are known by these names, UTF-8 is 65001. */
function charsetOf(codepage: number): string {
  if (codepage === 65_001) return "utf-8";
  return codepage >= 28_591 && codepage <= 28_605
    ? `iso-8859-${codepage - 28_590}`
    : `windows-${codepage}`;
}

type Decode = (bytes: Buffer) => string;

/** The body as the properties have it, else as the older attribute has it. */
function bodyOf(
  properties: ReadonlyMap<number, MapiValue>,
  body: Buffer | undefined,
  decode: Decode,
): Pick<Tnef, "text" | "html"> {
  const html = htmlOf(properties, decode);
  const plain = textOfValue(properties.get(property.body), decode);
  const rtf = rtfOf(properties.get(property.rtfCompressed));
  const older = body === undefined ? "" : decode(body).replace(/\0+$/, "");
  const text = [plain, rtf?.text ?? "", older].find((each) => each !== "");
  return { text, html: html ?? rtf?.html };
}

function htmlOf(properties: ReadonlyMap<number, MapiValue>, decode: Decode): string | undefined {
  const value = properties.get(property.html);
  if (value === undefined) return undefined;
  const codepage = numberOfValue(properties.get(property.internetCodepage));
  const own = (bytes: Buffer): string =>
    codepage === undefined
      ? decode(bytes)
      : decodeText(bytes, { charset: charsetOf(codepage), html: true });
  const html = textOfValue(value, own);
  return html === "" ? undefined : html;
}

function rtfOf(value: MapiValue | undefined): ReturnType<typeof readRtf> | undefined {
  const rtf = value === undefined ? undefined : decompressRtf(value.bytes);
  return rtf === undefined ? undefined : readRtf(rtf);
}

/** Undefined for a message too deep, and for an attachment of which nothing is there. */
function attachmentOf(open: Open, decode: Decode, depth: number): TnefAttachment | undefined {
  const { properties } = open;
  const text = (id: number): string => textOfValue(properties.get(id), decode);
  const method = numberOfValue(properties.get(property.attachMethod));
  const isMessage = method === attachMethod.embedded;
  const isOle = method === attachMethod.ole;
  const data = dataOf(open, isMessage || isOle);
  const message = isMessage && depth < maxTnefDepth ? readTnef(data, depth + 1) : undefined;
  const names = [property.attachLongFilename, property.displayName, property.attachFilename].map(
    text,
  );
  const name =
    [...names, decode(open.title).replace(/\0[^]*$/, "")].find((each) => each !== "") ?? "";
  if (data.length === 0 && name === "") return undefined;
  return {
    name,
    mimeType: text(property.attachMimeTag).toLowerCase(),
    contentId: text(property.attachContentId).replace(/^<|>$/g, ""),
    contentLocation: text(property.attachContentLocation),
    data,
    isOle,
    message,
  };
}

/**
 * Files are in an attribute of their own; objects in a property, behind the id of their interface, where the attribute
 * only tells readers without MAPI that they cannot read it.
 */
function dataOf({ data, properties }: Open, isObject: boolean): Buffer {
  const value = properties.get(property.attachData);
  if (value === undefined || (data.length > 0 && !isObject)) return data;
  const objectType = 0x0d;
  return value.type === objectType ? value.bytes.subarray(16) : value.bytes;
}
