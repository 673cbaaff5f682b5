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

const namePattern = /[a-z][a-z0-9:_-]{0,60}/iy;

function nameAt(html: string, at: number): string {
  namePattern.lastIndex = at;
  return namePattern.exec(html)?.[0].toLowerCase() ?? "";
}

function declaration(html: string, start: number): HtmlToken {
  const isComment = html.startsWith("<!--", start);
  const found = html.indexOf(isComment ? "-->" : ">", start + 2);
  const end = found === -1 ? html.length : found + (isComment ? 3 : 1);
  return { kind: "hidden", name: "", start, end };
}

/** Behind the ">" of a tag; a ">" inside a quoted attribute does not count. */
function tagEnd(html: string, start: number): number | undefined {
  let at = start + 1;
  while (at < html.length) {
    const char = html[at];
    if (char === ">") return at + 1;
    if ((char === '"' || char === "'") && html[at - 1] === "=") {
      const close = html.indexOf(char, at + 1);
      if (close === -1) return undefined;
      at = close;
    }
    at++;
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
