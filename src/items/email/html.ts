/** HTML <-> plain text. */
import { htmlToText, type HtmlToTextOptions } from "html-to-text";
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

/** The text of an HTML body with CRLF line ends; only its first `maxHtmlToConvertBytes` are read. */
export function htmlToPlain(html: string): string {
  const source = html.length > maxHtmlToConvertBytes ? html.slice(0, maxHtmlToConvertBytes) : html;
  const text = isDeep(source) ? visibleText(source) : htmlToText(source, options);
  return withCrlf(text).trim();
}

/** Whether elements are nested deeper than any real mail: html-to-text would take minutes for it. */
function isDeep(html: string): boolean {
  const open: string[] = [];
  for (const token of htmlTokens(html)) {
    if (token.kind === "open") open.push(token.name);
    else if (token.kind === "close" && open.at(-1) === token.name) open.pop();
    if (open.length > maxOpenElements) return true;
  }
  return false;
}

/** Unclosed <p>, <li> and <td> count as open here, and old mailers leave hundreds of them. */
const maxOpenElements = 2000;

const lineElements = new Set(["p", "div", "br", "tr", "td", "li", "h1", "h2", "h3", "hr", "table"]);

/** Text without any layout, in time that grows with the length alone. */
function visibleText(html: string): string {
  const out: string[] = [];
  for (const token of htmlTokens(html)) {
    if (token.kind === "text") out.push(html.slice(token.start, token.end).replace(/\s+/g, " "));
    else if (lineElements.has(token.name) && token.kind !== "close") out.push("\n");
  }
  return decodeEntities(out.join("")).replace(/\s*\n\s*/g, "\n");
}

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

function decodeEntities(text: string): string {
  return text.replace(/&(#x?[0-9a-f]{1,6}|[a-z]{2,8});/gi, (all, name: string) => {
    if (!name.startsWith("#")) return entities[name.toLowerCase()] ?? all;
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
