/** Renders a mail's body as text, HTML or MIME from the parts that were fetched, and says which to fetch. */
import { octetsOf, sliceOf, Utf8Text, type Octets } from "../../kit/octets.ts";
import { isHtml, type BodyParts } from "./body-parts.ts";
import { decodeText, isUtf8Text, withoutTornEnd } from "./charset.ts";
import { isCleanBytes } from "./clean-text.ts";
import { cutHtml, mendHtml, withoutTornEntity } from "./cut-html.ts";
import { escapeHtml, htmlToPlain, plainToHtml } from "./html.ts";
import {
  htmlBytesPerTextByte,
  htmlHeadBytes,
  maxHeaderBytes,
  maxHtmlToConvertBytes,
} from "./limits.ts";
import type { MailItem, Part, PartFetched, WholeMail } from "./message.ts";
import { ownPart, ownText } from "./own-part.ts";
import { withCare, type HtmlCare } from "./safe-html.ts";
import { cutText, unenriched, unflow, utf8Size, withCrlf } from "./text.ts";
import { decodedSize, decodeTransfer, wireBytesFor } from "./transfer.ts";

/** A part to fetch and how many of its wire octets at the most. */
interface Need {
  readonly part: Part;
  readonly wireBytes: number;
}

/** A body as it goes to a device. */
export interface Rendition<Form = string | Buffer | Utf8Text | Octets> {
  readonly data: Form;
  readonly truncated: boolean;
  /** Bytes of the whole body; an estimate when not all of it was fetched. */
  readonly totalBytes: number;
}

/** What was fetched of a mail, by section. */
export type Fetched = ReadonlyMap<string, PartFetched>;

/** Forms that are made of text parts. */
export type TextForm = "text" | "html";

/** The parts that a form of at most `limitBytes` needs, with bounded wire octets. */
export function needsOf(parts: BodyParts, form: TextForm, limitBytes: number): readonly Need[] {
  const needs: Need[] = [];
  let open = limitBytes;
  for (const part of form === "html" ? parts.rich : parts.plain) {
    if (open <= 0) break;
    const wireBytes = wireNeed(part, form, open);
    needs.push({ part, wireBytes });
    open -= expectedBytes(part, form);
  }
  return needs;
}

function wireNeed(part: Part, form: TextForm, limitBytes: number): number {
  const wanted = wireBytesFor(decodedNeed(part, form, limitBytes), part.encoding);
  return Math.min(wanted, part.sizeBytes);
}

function decodedNeed(part: Part, form: TextForm, limitBytes: number): number {
  if (!isHtml(part)) return Math.ceil(limitBytes * bytesPerUtf8Byte(part)) + 4;
  if (form === "html") return limitBytes + htmlHeadBytes;
  return Math.min(limitBytes * htmlBytesPerTextByte + htmlHeadBytes, maxHtmlToConvertBytes);
}

/** Bytes in a part's charset for one byte in UTF-8, at the most. */
function bytesPerUtf8Byte(part: Part): number {
  const charset = (part.parameters["charset"] ?? "").toLowerCase();
  if (/32/.test(charset) && charset.startsWith("u")) return 4;
  // UTF-16, UTF-7 and the shifting ISO 2022 sets spend two bytes or more on a character.
  return /utf-?16|ucs-?2|utf-?7|2022|hz-/.test(charset) ? 2.7 : 1;
}

function expectedBytes(part: Part, form: TextForm): number {
  const decoded = decodedSize(part.sizeBytes, part.encoding);
  return form === "text" && isHtml(part) ? Math.ceil(decoded / htmlBytesPerTextByte) : decoded;
}

interface Rendered {
  readonly html: boolean;
  readonly text: string;
  readonly complete: boolean;
  readonly expected: number;
}

/** What a form is made of, and the bytes that it may have. */
export interface Origin {
  readonly fetched: Fetched;
  readonly limitBytes: number;
  /** unchanged where it is not told. */
  readonly htmlCare?: HtmlCare | undefined;
}

/** A part without its transfer encoding. */
interface Decoded {
  readonly part: Part;
  /** undefined: it was not fetched. */
  readonly bytes: Buffer | undefined;
  readonly complete: boolean;
}

/** The body as plain text or HTML. */
export function renderText(parts: BodyParts, form: TextForm, from: Origin): Rendition<string> {
  return renderAll(decodedFor(parts, form, from), form, from);
}

/** The same; HTML that goes to the device as it came is not made a string of. */
export function renderBody(
  parts: BodyParts,
  form: TextForm,
  from: Origin,
): Rendition<string | Utf8Text> {
  const all = decodedFor(parts, form, from);
  return (form === "html" ? unchanged(all, from) : undefined) ?? renderAll(all, form, from);
}

/** The body as HTML without the messages that it quotes. */
export function renderOwnPart(parts: BodyParts, from: Origin): Rendition<string> {
  const rendered = decodedFor(parts, "html", from).map((each) => renderPart(each, "html", from));
  return joined(rendered.map(withoutQuotes), "html", from);
}

function renderAll(all: readonly Decoded[], form: TextForm, from: Origin): Rendition<string> {
  const rendered = all.map((each) => renderPart(each, form, from));
  return joined(rendered, form, from);
}

function decodedFor(parts: BodyParts, form: TextForm, from: Origin): readonly Decoded[] {
  return (form === "html" ? parts.rich : parts.plain).map((part) => {
    const got = from.fetched.get(part.section);
    // A part beyond the limit was not asked for; it only counts.
    if (got === undefined) return { part, bytes: undefined, complete: part.sizeBytes === 0 };
    return { part, bytes: decodeTransfer(got.bytes, part.encoding), complete: !isTorn(got) };
  });
}

/** One HTML part that is whole and clean UTF-8 already: most mails are of this kind. */
function unchanged(
  [only, ...others]: readonly Decoded[],
  { limitBytes, htmlCare = "unchanged" }: Origin,
): Rendition<Utf8Text> | undefined {
  if (only?.bytes === undefined || !only.complete || others.length > 0) return undefined;
  const { part, bytes } = only;
  if (!isHtml(part) || htmlCare !== "unchanged" || bytes.length > limitBytes) return undefined;
  const charset = part.parameters["charset"] ?? "";
  if (!isUtf8Text(bytes, { charset, html: true }) || !isCleanBytes(bytes)) return undefined;
  return { data: new Utf8Text(octetsOf(bytes)), truncated: false, totalBytes: bytes.length };
}

/** What is behind the mark of a quote need not be there. */
function withoutQuotes(rendered: Rendered): Rendered {
  if (!rendered.html) return { ...rendered, text: ownText(rendered.text) };
  const { html: text, endsAtQuote } = ownPart(rendered.text);
  return endsAtQuote ? { ...rendered, text, complete: true } : { ...rendered, text };
}

function joined(rendered: readonly Rendered[], form: TextForm, from: Origin): Rendition<string> {
  const firstTorn = rendered.findIndex((each) => !each.complete);
  const shown = firstTorn === -1 ? rendered : rendered.slice(0, firstTorn + 1);
  const whole = form === "html" ? joinHtml(shown) : shown.map((each) => each.text).join("\r\n");
  const expected = rendered.reduce((sum, each) => sum + each.expected, 0);
  return limited(whole, form, { ...from, complete: firstTorn === -1, expected });
}

interface Bounds {
  readonly limitBytes: number;
  readonly complete: boolean;
  readonly expected: number;
}

function limited(whole: string, form: TextForm, bounds: Bounds): Rendition<string> {
  const size = utf8Size(whole);
  if (bounds.complete && size <= bounds.limitBytes) {
    return { data: whole, truncated: false, totalBytes: size };
  }
  const cutHtmlBody = bounds.complete ? cutHtml : mendHtml;
  const data = (form === "html" ? cutHtmlBody : cutText)(whole, bounds.limitBytes);
  const least = bounds.complete ? size : Math.max(bounds.expected, utf8Size(data) + 1);
  return { data, truncated: true, totalBytes: least };
}

function renderPart({ part, bytes, complete }: Decoded, form: TextForm, from: Origin): Rendered {
  const expected = expectedBytes(part, form);
  const html = isHtml(part);
  if (bytes === undefined) return { html, text: "", complete, expected };
  const decoded = textIn(part, bytes, !complete);
  if (!html) return { html, text: decoded, complete, expected };
  const source = complete ? decoded : withoutTornEntity(decoded);
  if (form === "html") return { html, text: withCare(source, from.htmlCare), complete, expected };
  const { text, share } = htmlToPlain(source, from.limitBytes);
  const estimate = complete
    ? Math.ceil(utf8Size(text) / Math.max(share, Number.EPSILON))
    : expected;
  return { html, text, complete: complete && share === 1, expected: estimate };
}

function isTorn(got: PartFetched): boolean {
  return got.maxBytes !== undefined && got.bytes.length >= got.maxBytes;
}

/** The Unicode text of a text part with CRLF line ends (HTML as it is). */
export function textOf(part: Part, wire: Buffer, partial: boolean): string {
  return textIn(part, decodeTransfer(wire, part.encoding), partial);
}

function textIn(part: Part, bytes: Buffer, partial: boolean): string {
  const html = isHtml(part);
  const charset = part.parameters["charset"] ?? "";
  const text = decodeText(bytes, { charset, partial, html });
  if (html) return text;
  if (/^(enriched|richtext)$/.test(part.subtype)) return withCrlf(unenriched(text));
  if (part.parameters["format"]?.toLowerCase() !== "flowed") return withCrlf(text);
  return unflow(text, part.parameters["delsp"]?.toLowerCase() === "yes");
}

/** One HTML part stays as it is: a <meta> that names the old charset is ignored, as Data is Unicode. */
function joinHtml(parts: readonly Rendered[]): string {
  if (parts.every((part) => !part.html)) {
    const text = parts.map((part) => plainToHtml(part.text)).join("<br>\r\n");
    return text === "" ? "" : `<html><body>${text}</body></html>`;
  }
  return parts
    .map((part) => (part.html ? part.text : `<div>${plainToHtml(part.text)}</div>`))
    .join("<br>\r\n");
}

/** The whole mail as it is, cut at `limitBytes`; bytes where a WBXML string would change them. */
export function renderMime(item: MailItem, fetched: Fetched, limitBytes: number): Rendition {
  const got = fetched.get("");
  if (got?.whole !== undefined) return renderWhole(item, got.whole, limitBytes);
  const bytes = got?.bytes ?? Buffer.alloc(0);
  const truncated = Math.max(item.sizeBytes, bytes.length) > limitBytes;
  const shown = truncated ? withoutTornEnd(bytes.subarray(0, limitBytes)) : bytes;
  const data = isCleanBytes(shown) ? shown.toString("utf8") : Buffer.from(shown);
  return { data, truncated, totalBytes: Math.max(item.sizeBytes, bytes.length) };
}

/** The same of a mail that is not in memory; it was cut when it was read. */
function renderWhole(item: MailItem, { octets, isText }: WholeMail, limitBytes: number): Rendition {
  const totalBytes = Math.max(item.sizeBytes, octets.sizeBytes);
  const truncated = totalBytes > limitBytes;
  if (octets.sizeBytes > limitBytes) {
    return { data: sliceOf(octets, 0, limitBytes), truncated, totalBytes };
  }
  return { data: isText ? new Utf8Text(octets) : octets, truncated, totalBytes };
}

/**
 * What follows the header of a mail whose structure nobody could read; nothing where the parts that it tells of are
 * there and empty.
 */
export function renderRaw(
  { structure }: Pick<MailItem, "structure">,
  form: TextForm,
  { fetched, limitBytes }: Origin,
): Rendition<string> {
  const got = fetched.get("");
  const source = (got?.bytes ?? Buffer.alloc(0)).toString("latin1");
  const gap = /\r?\n\r?\n/.exec(source.slice(0, maxHeaderBytes));
  const words = gap === null ? source : source.slice(gap.index + gap[0].length);
  const body = Buffer.from(hasParts(structure, words) ? "" : words, "latin1");
  const complete = got !== undefined && !isTorn(got);
  const text = withCrlf(decodeText(body, { charset: "", partial: !complete }));
  const whole = form === "html" && text !== "" ? `<pre>${escapeHtml(text)}</pre>` : text;
  return limited(whole, form, { limitBytes, complete, expected: body.length });
}

function hasParts({ parameters }: Part, body: string): boolean {
  const { boundary = "" } = parameters;
  return boundary !== "" && `\n${body}`.includes(`\n--${boundary}`);
}
