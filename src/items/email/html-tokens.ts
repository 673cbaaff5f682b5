/** HTML split into tokens as a browser's tokeniser would, in one pass without a tree. */

/** A piece of HTML source. `name` is the lower-case element name of a tag. */
export interface HtmlToken {
  readonly kind: "text" | "open" | "close" | "empty" | "hidden";
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

const voidElements = new Set(
  "area base br col embed hr img input link meta param source track wbr".split(" "),
);

/** Elements whose content is no markup; shown by no client. */
const rawElements = new Set(["script", "style", "title", "textarea", "xmp", "noscript"]);

/**
 * The tokens of `html`. "hidden" is a comment, a declaration, or a raw-text element with its content.
 * A tag, comment or raw element without an end takes the rest and is "hidden".
 */
export function* htmlTokens(html: string): Generator<HtmlToken, void, undefined> {
  let at = 0;
  while (at < html.length) {
    const token = html[at] === "<" ? markup(html, at) : undefined;
    const next = token ?? textToken(html, at);
    yield next;
    at = next.end;
  }
}

function textToken(html: string, start: number): HtmlToken {
  let end = html.indexOf("<", start + 1);
  if (end === -1) end = html.length;
  return { kind: "text", name: "", start, end };
}

/** Undefined when "<" stands for itself, as in "a < b". */
function markup(html: string, start: number): HtmlToken | undefined {
  const next = html[start + 1] ?? "";
  if (next === "!" || next === "?") return declaration(html, start);
  const name = nameAt(html, start + (next === "/" ? 2 : 1));
  if (name === "") return undefined;
  const end = tagEnd(html, start);
  if (end === undefined) return { kind: "hidden", name: "", start, end: html.length };
  if (next === "/") return { kind: "close", name, start, end };
  if (rawElements.has(name)) return rawElement(html, { name, start, end });
  const empty = voidElements.has(name) || html[end - 2] === "/";
  return { kind: empty ? "empty" : "open", name, start, end };
}

/** Characters of an element's name. */
const maxNameLength = 61;

/** The name of the element that begins here, in lower case; "" where none does. */
function nameAt(html: string, at: number): string {
  if (!isLetter(html.charCodeAt(at))) return "";
  let end = at + 1;
  while (end < at + maxNameLength && isOfName(html.charCodeAt(end))) end++;
  return html.slice(at, end).toLowerCase();
}

function isLetter(unit: number): boolean {
  const lower = unit | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}

/** Letters, digits and ":", "-", "_". */
function isOfName(unit: number): boolean {
  return isLetter(unit) || (unit >= 0x30 && unit <= 0x3a) || unit === 0x2d || unit === 0x5f;
}

function declaration(html: string, start: number): HtmlToken {
  const isComment = html.startsWith("<!--", start);
  const found = html.indexOf(isComment ? "-->" : ">", start + 2);
  const end = found === -1 ? html.length : found + (isComment ? 3 : 1);
  return { kind: "hidden", name: "", start, end };
}

const [doubleQuote, singleQuote, equals, greater] = [0x22, 0x27, 0x3d, 0x3e];

/** Behind the ">" of a tag; a ">" inside a quoted attribute does not count. */
function tagEnd(html: string, start: number): number | undefined {
  for (let at = start + 1; at < html.length; at++) {
    const unit = html.charCodeAt(at);
    if (unit === greater) return at + 1;
    if ((unit === doubleQuote || unit === singleQuote) && html.charCodeAt(at - 1) === equals) {
      at = html.indexOf(unit === doubleQuote ? '"' : "'", at + 1);
      if (at === -1) return undefined;
    }
  }
  return undefined;
}

function rawElement(html: string, tag: { name: string; start: number; end: number }): HtmlToken {
  const close = new RegExp(`</${tag.name}\\s*>`, "gi");
  close.lastIndex = tag.end;
  const found = close.exec(html);
  const end = found === null ? html.length : close.lastIndex;
  return { kind: "hidden", name: tag.name, start: tag.start, end };
}
