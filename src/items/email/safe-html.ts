/** HTML of a mail without what could act, or tell its sender anything: rebuilt of what a list allows. */
import { Parser } from "htmlparser2";
import { escapeHtml, plainToHtml, visibleText } from "./html.ts";
import { maxHtmlDepth } from "./limits.ts";
import {
  allowedAttributes,
  allowedElements,
  droppedElements,
  voidElements,
} from "./safe-html-names.ts";

/**
 * How HTML goes to a device. unchanged: as it is. safe: without scripts, handlers, forms, frames and objects.
 * private: without anything that comes from other servers, too.
 */
export type HtmlCare = "unchanged" | "safe" | "private";

/** HTML with as much care as is wanted. */
export function withCare(html: string, care: HtmlCare = "unchanged"): string {
  if (care === "unchanged") return html;
  const rebuilt = new Rebuilt(care === "private");
  try {
    new CareParser(rebuilt, { decodeEntities: true, lowerCaseTags: true }).end(html);
  } catch (error) {
    if (!(error instanceof TooDeep)) throw error;
    return `<html><body>${plainToHtml(visibleText(html))}</body></html>`;
  }
  return rebuilt.html();
}

/** Elements that are left out have no part in what closes what: the result would be other HTML when it is read again. */
class CareParser extends Parser {
  protected override isVoidElement(name: string): boolean {
    const isLeftOut = !allowedElements.has(name) && !droppedElements.has(name) && name !== "style";
    return isLeftOut || super.isVoidElement(name);
  }
}

/** HTML whose elements the parser had better not follow. */
class TooDeep extends Error {}

/** Writes what the parser sees, as far as it is allowed. */
class Rebuilt {
  readonly #isPrivate: boolean;
  readonly #out: string[] = [];
  #depth = 0;
  /** Elements open inside of one that is left out with all that it holds, itself among them. */
  #dropped = 0;
  /** What a style sheet said so far; undefined outside of one. */
  #sheet: string | undefined;

  constructor(isPrivate: boolean) {
    this.#isPrivate = isPrivate;
  }

  html(): string {
    return this.#out.join("");
  }

  onopentag(name: string, attributes: Readonly<Record<string, string>>): void {
    if (++this.#depth > maxHtmlDepth) throw new TooDeep();
    if (this.#dropped > 0 || droppedElements.has(name)) this.#dropped++;
    else if (name === "style") this.#sheet = "";
    else if (allowedElements.has(name)) this.#out.push(`<${name}${this.#attributes(attributes)}>`);
  }

  ontext(text: string): void {
    if (this.#dropped > 0) return;
    if (this.#sheet === undefined) this.#out.push(escapeHtml(text));
    else this.#sheet += text;
  }

  onclosetag(name: string): void {
    this.#depth--;
    if (this.#dropped > 0) this.#dropped--;
    else if (name === "style") this.#endSheet();
    else if (allowedElements.has(name) && !voidElements.has(name)) this.#out.push(`</${name}>`);
  }

  #endSheet(): void {
    const sheet = styleSheet(this.#sheet ?? "", this.#isPrivate);
    if (sheet !== "") this.#out.push(`<style>${sheet}</style>`);
    this.#sheet = undefined;
  }

  onprocessinginstruction(_name: string, text: string): void {
    // It says how a browser lays the page out.
    if (/^!doctype html[\s\w"'/:.-]{0,200}$/i.test(text)) this.#out.push(`<${text}>`);
  }

  #attributes(attributes: Readonly<Record<string, string>>): string {
    return Object.entries(attributes)
      .map(([name, value]) => [name, this.#value(name, value)] as const)
      .filter(([, value]) => value !== undefined)
      .map(([name, value = ""]) => (value === "" ? ` ${name}` : ` ${name}="${escapeHtml(value)}"`))
      .join("");
  }

  /** What of an attribute may stay. */
  #value(name: string, value: string): string | undefined {
    if (name === "style") return styleOf(value, this.#isPrivate);
    if (name === "href") return isLink(value) ? value : undefined;
    if (name === "src" || name === "background") {
      return isPicture(value, this.#isPrivate) ? value : undefined;
    }
    return allowedAttributes.has(name) ? value : undefined;
  }
}

/** What a browser leaves out of an address before it looks at its scheme. */
function bare(address: string): string {
  // oxlint-disable-next-line no-control-regex -- browsers skip them
  return address.replace(/[\u0000-\u0020]+/g, "").toLowerCase();
}

function isLink(address: string): boolean {
  return /^(?:#|https?:|mailto:|tel:|sms:|ftp:|cid:)/.test(bare(address));
}

function isPicture(address: string, isPrivate: boolean): boolean {
  const plain = bare(address);
  if (/^(?:cid:|data:image\/(?:png|gif|jpe?g|webp|bmp);)/.test(plain)) return true;
  return !isPrivate && /^https?:/.test(plain);
}

/** What ran scripts in older browsers. */
const acting = /expression\s*\(|javascript:|vbscript:|behaviou?r\s*:|-moz-binding/i;

/** What fetches from elsewhere once addresses are taken out, and letters written so that a search misses them. */
const fetching = /@import|\b(?:image|image-set|src)\s*\(|\\[0-9a-f]/i;

/** A style attribute; undefined when it is better left out. */
function styleOf(style: string, isPrivate: boolean): string | undefined {
  if (/\\|\/\*/.test(style) || acting.test(style)) return undefined;
  return isPrivate ? withoutAddresses(style) : style;
}

/** A style sheet; empty when it is better left out. */
function styleSheet(sheet: string, isPrivate: boolean): string {
  if (/<\//.test(sheet) || acting.test(sheet)) return "";
  const without = sheet.replace(/@import[^;}]*;?/gi, "");
  return isPrivate ? (withoutAddresses(without) ?? "") : without;
}

/** Pictures of the mail itself stay. */
function withoutAddresses(style: string): string | undefined {
  const without = style.replace(/url\s*\(\s*(["']?)([^)]*)\)?/gi, (all, _quote, address: string) =>
    /^(?:cid:|data:image\/)/i.test(address.trim()) ? all : "none",
  );
  return fetching.test(without) ? undefined : without;
}
