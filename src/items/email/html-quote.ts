/** HTML of one mail inside of another's: a fragment of the original, put at the end of the answer's body. */
import { htmlTokens, type HtmlToken } from "./html-tokens.ts";

/** Tags that a document has once: a fragment goes without them. */
const documentTags = new Set(["html", "head", "body", "meta", "base", "link"]);

/** Hidden elements that a fragment goes without: a title would be shown as nothing, scripts run nowhere. */
const documentElements = new Set(["title", "script"]);

/**
 * What a document shows, to stand inside another one: its body's content and its style sheets, in a block that
 * has the attributes of its body.
 */
export function htmlFragment(html: string): string {
  const kept: string[] = [];
  let body = "";
  for (const token of htmlTokens(html)) {
    const source = html.slice(token.start, token.end);
    if (token.kind === "open" && token.name === "body" && body === "") body = source;
    if (!isOfDocument(token, source)) kept.push(source);
  }
  const attributes = body.replace(/^<body|\/?>$/gi, "").trim();
  const content = kept.join("").trim();
  const own = blockAttributes(attributes);
  return own === "" ? content : `<div ${own}>${content}</div>`;
}

function isOfDocument(token: HtmlToken, source: string): boolean {
  if (token.kind === "text") return false;
  if (token.kind !== "hidden") return documentTags.has(token.name);
  // A document type or a processing instruction.
  const isDeclaration = token.name === "" && !source.startsWith("<!--");
  return isDeclaration || isTorn(token, source) || documentElements.has(token.name);
}

/** A block has no bgcolor and no text colour of its own: style says the same. */
function blockAttributes(attributes: string): string {
  const style = /\bstyle\s*=\s*(?:"([^"]*)"|'([^']*)')/i.exec(attributes);
  const background = valueOf(attributes, "bgcolor");
  const colour = valueOf(attributes, "text");
  const declarations = [
    background === undefined ? "" : `background-color:${background}`,
    colour === undefined ? "" : `color:${colour}`,
    (style?.[1] ?? style?.[2] ?? "").replaceAll('"', "&quot;"),
  ];
  const kept = ["class", "dir"].map((name) => [name, valueOf(attributes, name)] as const);
  return [["style", declarations.filter((each) => each !== "").join(";")] as const, ...kept]
    .filter(([, value]) => value !== undefined && value !== "")
    .map(([name, value]) => `${name}="${value}"`)
    .join(" ");
}

function valueOf(attributes: string, name: string): string | undefined {
  return new RegExp(`\\b${name}\\s*=\\s*["']?([#a-z0-9_-]{1,64})`, "i").exec(attributes)?.[1];
}

/** Puts a fragment at the end of a document's body. */
export function appendToHtml(html: string, fragment: string): string {
  let at = html.length;
  for (const token of htmlTokens(html)) {
    const isEnd = token.kind === "close" && (token.name === "body" || token.name === "html");
    if (isEnd) at = Math.min(at, token.start);
    else if (token.kind === "open" || token.kind === "empty") at = html.length;
    // A comment or tag that breaks off would swallow the fragment.
    else if (isTorn(token, html.slice(token.start, token.end))) {
      return html.slice(0, token.start) + fragment;
    }
  }
  return html.slice(0, at) + fragment + html.slice(at);
}

/** Whether markup has no end: it would swallow what follows. */
function isTorn(token: HtmlToken, source: string): boolean {
  if (token.kind !== "hidden") return false;
  if (token.name !== "") return !new RegExp(`</${token.name}\\s*>$`, "i").test(source);
  if (source.startsWith("<!--")) return !source.endsWith("-->") || source.length < 7;
  return !/^<[!?][^]*>$/.test(source);
}

/** A document whose <meta> names the charset that it has now. */
export function withMetaUtf8(html: string): string {
  return html.replace(
    /(<meta[^>]{0,200}?charset\s*=\s*["']?)[A-Za-z0-9_:.-]{1,40}/gi,
    (_all, before: string) => `${before}utf-8`,
  );
}

/** The Content-IDs that a document refers to. */
export function contentIdsIn(html: string): ReadonlySet<string> {
  const found = html.matchAll(/\bcid:([^"'\s<>)\\]{1,998})/gi);
  return new Set([...found].map(([, id = ""]) => decodedId(id.replaceAll("&amp;", "&"))));
}

function decodedId(id: string): string {
  try {
    return decodeURIComponent(id);
  } catch {
    // A "%" that stands for itself.
    return id;
  }
}
