/**
 * The mail that SmartReply and SmartForward send: the device's own with the original put below its text and the
 * original's parts beside it. What the device wrote stays octet by octet, except for the text parts that the quote
 * goes into.
 */
import { randomUUID } from "node:crypto";
import { sliceOf, wholeOf, type Octets } from "../../kit/octets.ts";
import { carriedContent, type CarriedPart } from "./carried-part.ts";
import { contentIdsOf, deviceBodies, isSealed, type DeviceBodies } from "./device-bodies.ts";
import { editedContent, mailOf, multipart, type Content, type Edits } from "./edited-mail.ts";
import { fieldBytes, headerFields, isContentField } from "./header-fields.ts";
import { appendToHtml, withMetaUtf8 } from "./html-quote.ts";
import { htmlToPlain, plainToHtml } from "./html.ts";
import { maxReferences } from "./limits.ts";
import type { MailItem } from "./message.ts";
import type { QuotedMail, SmartKind } from "./original.ts";
import type { Outline } from "./outline.ts";
import { endsWithHeading, headingOf, quoteAsHtml, quoteAsText } from "./quote.ts";
import { textOf } from "./rendition.ts";
import { textEntity } from "./text-entity.ts";

/** The mail that a device handed over. */
export interface DeviceMail {
  readonly octets: Octets;
  readonly outline: Outline;
}

/** What of the original goes into it. */
export interface Included {
  readonly kind: SmartKind;
  readonly item: MailItem;
  /** Undefined: nothing is quoted. */
  readonly quote: QuotedMail | undefined;
  /** Pictures that the quote shows. */
  readonly related: readonly CarriedPart[];
  readonly invitation: CarriedPart | undefined;
  readonly attached: readonly Content[];
}

/** The composed mail; what the device signed or encrypted itself only names the mail that it is about. */
export async function compose(device: DeviceMail, included: Included): Promise<Octets> {
  if (isSealed(device.outline)) return withReferences(device, included.item);
  const composition = new Composition(device, included);
  return await composition.mail();
}

/** A device's mail that names the mail it answers, where the device left that out. */
export function withReferences(device: DeviceMail, item: MailItem): Octets {
  const { outline, octets } = device;
  const fields = fieldBytes(headerFields(outline.header));
  const body = [sliceOf(octets, outline.bodyStart, outline.end)];
  return mailOf(fields, { fields: referenceFields(outline, item), body });
}

/** In-Reply-To and References (RFC 5322 3.6.4), each where the device did not set it. */
function referenceFields(outline: Outline, { envelope, references }: MailItem): Buffer {
  const names = new Set(headerFields(outline.header).map(({ name }) => name));
  const { messageId, inReplyTo } = envelope;
  if (messageId === "") return Buffer.alloc(0);
  const before = references.length > 0 || inReplyTo === "" ? references : [inReplyTo];
  const all = [...before.filter((id) => id !== messageId), messageId];
  const kept = all.length <= maxReferences ? all : [all[0], ...all.slice(1 - maxReferences)];
  const added = [
    names.has("in-reply-to") ? "" : `In-Reply-To: <${messageId}>\r\n`,
    names.has("references") ? "" : `References: ${kept.map((id) => `<${id}>`).join("\r\n ")}\r\n`,
  ];
  return Buffer.from(added.join(""));
}

/** Which text of the device becomes what. */
interface Texts {
  readonly plain: string | undefined;
  readonly html: string | undefined;
}

class Composition {
  readonly #device: DeviceMail;
  readonly #included: Included;
  readonly #bodies: DeviceBodies;
  /** Names nothing in the device's mail or the original. */
  readonly #token = randomUUID();
  #boundaries = 0;

  constructor(device: DeviceMail, included: Included) {
    this.#device = device;
    this.#included = included;
    this.#bodies = deviceBodies(device.outline);
  }

  async mail(): Promise<Octets> {
    const { octets, outline } = this.#device;
    const edits = await this.#edits();
    const content = this.#withAttached(editedContent(octets, outline, edits), edits);
    return mailOf(this.#fields(), content);
  }

  #fields(): Buffer {
    const { outline } = this.#device;
    const fields = headerFields(outline.header).filter((field) => !isContentField(field));
    const hasVersion = fields.some(({ name }) => name === "mime-version");
    const version = Buffer.from(hasVersion ? "" : "MIME-Version: 1.0\r\n");
    const references = referenceFields(outline, this.#included.item);
    return Buffer.concat([fieldBytes(fields), references, version]);
  }

  /** What could not be put into a multipart/mixed of the device's own stands beside it in one of ours. */
  #withAttached(content: Content, edits: Edits): Content {
    const { attached } = this.#included;
    if (attached.length === 0 || edits.appended.has(this.#device.outline)) return content;
    return multipart("mixed", this.#boundary(), [content, ...attached]);
  }

  async #edits(): Promise<Edits> {
    const { outline } = this.#device;
    const replaced = new Map<Outline, Content>();
    const appended = new Map<Outline, readonly Content[]>();
    const prepended = new Map<Outline, readonly Content[]>();
    const { attached } = this.#included;
    const isMixed = outline.part.type === "multipart" && outline.part.subtype === "mixed";
    if (isMixed && attached.length > 0) appended.set(outline, attached);
    await this.#editTexts(replaced, appended);
    const isTextless = replaced.size === 0 && this.#included.quote !== undefined;
    if (isTextless) {
      const text = this.#textContent({ plain: "", html: undefined });
      if (isMixed) prepended.set(outline, [text]);
      else replaced.set(outline, this.#beside(text, outline));
    }
    return { replaced, appended, prepended };
  }

  /** A mail that is nothing but a picture, say: the quote comes first. */
  #beside(text: Content, outline: Outline): Content {
    const none = { replaced: new Map(), appended: new Map(), prepended: new Map() };
    const own = editedContent(this.#device.octets, outline, none);
    return multipart("mixed", this.#boundary(), [text, own]);
  }

  async #editTexts(
    replaced: Map<Outline, Content>,
    appended: Map<Outline, readonly Content[]>,
  ): Promise<void> {
    if (this.#included.quote === undefined) return;
    const { plain, html, alternative } = this.#bodies;
    const texts = { plain: await this.#read(plain), html: await this.#read(html) };
    if (plain !== undefined && html !== undefined && plain !== html) {
      const both = this.#quoted(texts);
      replaced.set(plain, withFieldsOf(plain, both.plain));
      replaced.set(html, withFieldsOf(html, this.#withRelated(both.html)));
      const invitation = this.#invitation();
      if (alternative !== undefined && invitation.length > 0) appended.set(alternative, invitation);
      return;
    }
    const only = html ?? plain;
    if (only !== undefined) replaced.set(only, withFieldsOf(only, this.#textContent(texts)));
  }

  async #read(entity: Outline | undefined): Promise<string | undefined> {
    if (entity === undefined) return undefined;
    const { octets } = this.#device;
    const wire = await wholeOf(sliceOf(octets, entity.bodyStart, entity.end));
    return textOf(entity.part, wire, false);
  }

  /** One text of the device: with HTML beside it where the original has some that it would lose. */
  #textContent(texts: Texts): Content {
    const isRich = this.#included.quote?.rich.some((each) => each.html) === true;
    const { plain, html } = this.#quoted(texts);
    const forms: Content[] = [];
    if (texts.html === undefined) forms.push(plain);
    if (texts.html !== undefined || isRich) forms.push(this.#withRelated(html));
    const all = [...forms, ...this.#invitation()];
    const [only] = all;
    if (all.length === 1 && only !== undefined) return only;
    return multipart("alternative", this.#boundary(), all);
  }

  #quoted(texts: Texts): { readonly plain: Content; readonly html: Content } {
    const { kind, item, quote = { plain: [], rich: [] } } = this.#included;
    const own = texts.plain ?? htmlToPlain(texts.html ?? "").text;
    const heading = endsWithHeading(own, item) ? undefined : headingOf(item);
    const style = { kind, heading };
    const ownHtml = texts.html ?? `<html><body><div>${plainToHtml(own)}</div></body></html>`;
    const fragment = this.#withRenamedIds(quoteAsHtml(quote, style));
    return {
      plain: contentOf(joinedText(own, quoteAsText(quote, style)), "plain"),
      html: contentOf(appendToHtml(withMetaUtf8(ownHtml), fragment), "html"),
    };
  }

  /** HTML and the pictures that it shows. */
  #withRelated(html: Content): Content {
    const { related } = this.#included;
    if (related.length === 0) return html;
    const renamed = this.#renamedIds();
    const parts = related.map((each) => carriedContent(each, renamed.get(each.part.contentId)));
    return multipart("related", this.#boundary(), [html, ...parts]);
  }

  /** Content-IDs of the original that the device's own mail has too, and what they become. */
  #renamedIds(): ReadonlyMap<string, string> {
    const own = contentIdsOf(this.#device.outline);
    const taken = this.#included.related.map(({ part }) => part.contentId);
    const twice = taken.filter((id) => own.has(id));
    return new Map(twice.map((id, at) => [id, `${at}.${this.#token}@quote`]));
  }

  #withRenamedIds(html: string): string {
    let renamed = html;
    for (const [from, to] of this.#renamedIds()) {
      renamed = renamed.replaceAll(`cid:${from}`, `cid:${to}`);
      renamed = renamed.replaceAll(`cid:${encodeURIComponent(from)}`, `cid:${to}`);
    }
    return renamed;
  }

  #invitation(): readonly Content[] {
    const { invitation } = this.#included;
    return invitation === undefined ? [] : [carriedContent(invitation)];
  }

  #boundary(): string {
    return `=_${this.#token}_${++this.#boundaries}`;
  }
}

function joinedText(own: string, quote: string): string {
  const before = own.trimEnd();
  return before === "" ? `${quote}\r\n` : `${before}\r\n\r\n${quote}\r\n`;
}

function contentOf(text: string, subtype: "plain" | "html"): Content {
  const { fields, body } = textEntity(text, subtype);
  return { fields: Buffer.from(fields), body: [body] };
}

/** Fields that told of the text as it was. */
const replacedFields = new Set([
  "content-type",
  "content-transfer-encoding",
  "content-md5",
  "content-length",
]);

/** A text's new content with the other fields that the device gave it, such as its language. */
function withFieldsOf(entity: Outline, content: Content): Content {
  const kept = headerFields(entity.header).filter(
    (field) => isContentField(field) && !replacedFields.has(field.name),
  );
  return { ...content, fields: Buffer.concat([content.fields, fieldBytes(kept)]) };
}
