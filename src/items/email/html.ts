/** HTML <-> plain text. */
import { htmlToText, type HtmlToTextOptions } from "html-to-text";
import { withoutTornEntity } from "./cut-html.ts";
import { htmlTokens } from "./html-tokens.ts";
import { maxHtmlDepth, maxHtmlToConvertBytes } from "./limits.ts";
import { withCrlf } from "./text.ts";

const block = { leadingLineBreaks: 1, trailingLineBreaks: 1 };

const options: HtmlToTextOptions = {
  wordwrap: false,
  limits: { maxDepth: maxHtmlDepth },
  selectors: [
    { selector: "a", options: { hideLinkHrefIfSameAsText: true, noAnchorUrl: true } },
    { selector: "img", format: "skip" },
    // Most tables of mail are layout: a cell is a paragraph of its own.
    { selector: "td", format: "block", options: block },
    { selector: "th", format: "block", options: block },
    ...["h1", "h2", "h3", "h4", "h5", "h6"].map((selector) => ({
      selector,
      options: { uppercase: false, ...block },
    })),
  ],
};

/** Text of an HTML body. */
interface PlainText {
  /** With CRLF line ends. */
  readonly text: string;
  /** How much of the HTML was read: 1 is all of it. */
  readonly share: number;
}

/**
 * The text of an HTML body: all of it, or a beginning of more than `wantedBytes` in UTF-8, so that the
 * first lines of a long letter do not cost its whole conversion. Reads at most `maxHtmlToConvertBytes`.
 */
export function htmlToPlain(html: string, wantedBytes = Infinity): PlainText {
  const end = Math.min(endOfWanted(html, wantedBytes), maxHtmlToConvertBytes);
  const source = html.length > end ? beginningOf(html, end) : html;
  const text = isDeep(source) ? visibleText(source) : htmlToText(source, options);
  return { text: withCrlf(text).trim(), share: source.length / Math.max(html.length, 1) };
}

/** Only the most that is read can end inside of an entity. */
function beginningOf(html: string, end: number): string {
  const beginning = html.slice(0, end);
  return end === maxHtmlToConvertBytes ? withoutTornEntity(beginning) : beginning;
}

/** Where more visible characters than wanted were seen, or the end when no more words follow. */
function endOfWanted(html: string, wantedBytes: number): number {
  if (html.length <= wantedBytes) return html.length;
  let open = wantedBytes;
  let end: number | undefined;
  for (const token of htmlTokens(html)) {
    const visible = token.kind === "text" ? visibleLength(html.slice(token.start, token.end)) : 0;
    if (end !== undefined && visible > 0) return end;
    open -= visible;
    if (open < 0) end ??= token.end;
  }
  return html.length;
}

/** Characters beside blanks, each entity as one: no more than the bytes that the text will have. */
function visibleLength(source: string): number {
  return source.replace(/&[#a-zA-Z0-9]{1,32};?/g, "x").replace(/(?:\s|&nbsp;)+/g, "").length;
}

/** Whether more elements are open at once than html-to-text may see; unclosed ones count on. */
function isDeep(html: string): boolean {
  const open: string[] = [];
  for (const token of htmlTokens(html)) {
    if (token.kind === "open") open.push(token.name);
    else if (token.kind === "close" && open.at(-1) === token.name) open.pop();
    if (open.length > maxHtmlDepth) return true;
  }
  return false;
}

const lineElements = new Set(["p", "div", "br", "tr", "td", "li", "h1", "h2", "h3", "hr", "table"]);

/** Text without any layout, in time that grows with the length alone. */
export function visibleText(html: string): string {
  const out: string[] = [];
  for (const token of htmlTokens(html)) {
    if (token.kind === "text") out.push(html.slice(token.start, token.end).replace(/\s+/g, " "));
    else if (lineElements.has(token.name) && token.kind !== "close") out.push("\n");
  }
  return decodeEntities(out.join("")).replace(/\s*\n\s*/g, "\n");
}

const entities: ReadonlyMap<string, string> = new Map([
  ["amp", "&"],
  ["lt", "<"],
  ["gt", ">"],
  ["quot", '"'],
  ["apos", "'"],
  ["nbsp", " "],
]);

function decodeEntities(text: string): string {
  return text.replace(/&(#x?[0-9a-f]{1,6}|[a-z]{2,8});/gi, (all, name: string) => {
    if (!name.startsWith("#")) return entities.get(name.toLowerCase()) ?? all;
    const code = /^#x/i.test(name) ? parseInt(name.slice(2), 16) : parseInt(name.slice(1), 10);
    return code > 0 && code <= 0x10ffff ? String.fromCodePoint(code) : "";
  });
}

const escapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text with the characters that HTML gives a meaning escaped. */
export function escapeHtml(text: string): string {
  return text.replace(/[&<>"]/g, (char) => escapes[char] ?? char);
}

/** Plain text as an HTML fragment that looks the same: line breaks, runs of blanks, web links. */
export function plainToHtml(text: string): string {
  return text
    .split(/\r\n|\r|\n/)
    .map(lineToHtml)
    .join("<br>\r\n");
}

/** A web address, without the punctuation that a sentence puts behind it. */
const webAddress = /\bhttps?:\/\/[^\s<>"']{1,2000}/g;

function lineToHtml(line: string): string {
  let out = "";
  let at = 0;
  for (const match of line.matchAll(webAddress)) {
    const address = match[0].replace(/[.,;:!?)\]}]{1,10}$/, "");
    const href = escapeHtml(address);
    out += `${spaced(line.slice(at, match.index))}<a href="${href}">${href}</a>`;
    at = match.index + address.length;
  }
  return out + spaced(line.slice(at));
}

function spaced(text: string): string {
  return escapeHtml(text)
    .replaceAll("\t", "        ")
    .replace(
      / {2,}|^ /g,
      (run) => "&nbsp;".repeat(run.length - 1) + (run.length > 1 ? " " : "&nbsp;"),
    );
}
