/** The message part (MS-ASCON 2.2.2.1): what a mail says itself, without the messages that it quotes. */
import { htmlTokens, type HtmlToken } from "./html-tokens.ts";

/** The own part of a mail. */
export interface OwnPart {
  readonly html: string;
  /** All behind a mark is quoted: what follows in the mail is no part of it either. */
  readonly endsAtQuote: boolean;
}

/** The own part of an HTML body; all of it where nothing is quoted, or nothing else. */
export function ownPart(html: string): OwnPart {
  const quotes = new QuoteFinder(html);
  for (const token of htmlTokens(html)) if (!quotes.take(token)) break;
  const { kept, endsAtQuote } = quotes.result();
  return hasWords(kept) ? { html: kept, endsAtQuote } : { html, endsAtQuote: false };
}

/** Elements that mailers put around the message that they answer. */
const quoteElements: readonly RegExp[] = [
  /^<blockquote\b[^>]*\btype\s*=\s*["']?cite/i,
  /^<blockquote\b[^>]*\bclass\s*=\s*["'][^"']*\b(?:gmail_quote|protonmail_quote|tutanota_quote)\b/i,
  /^<div\b[^>]*\bclass\s*=\s*["'][^"']*\b(?:gmail_quote|gmail_extra|yahoo_quoted|protonmail_quote|moz-cite-prefix|moz-forward-container)/i,
  /^<div\b[^>]*\bid\s*=\s*["'](?:mail-editor-reference-message-container|yahoo_quoted_|OLK_SRC_BODY_SECTION)/i,
];

/** Marks behind which all is the message that is answered. */
const quoteMarks: readonly RegExp[] = [
  /^<(?:div|hr)\b[^>]*\bid\s*=\s*["'](?:divRplyFwdMsg|appendonsend|zwchr|stopSpelling)/i,
  // Outlook: the line above "From:" in the colours of its versions.
  /^<div\b[^>]*\bstyle\s*=\s*["'][^"']*border-top:\s*solid\s+#(?:E1E1E1|B5C4DF)\b/i,
  /^<div\b[^>]*\bstyle\s*=\s*["'][^"']*border-width:\s*1pt\s+(?:medium|0)[^"']*#(?:E1E1E1|B5C4DF)/i,
];

/** "-----Original Message-----" in the languages of Outlook; "________" with "From:" of its plain text. */
const markText =
  /-{3,10}\s?(?:Original Message|Ursprüngliche Nachricht|Message d'origine|Mensaje original|Messaggio originale|Oorspronkelijk bericht|Mensagem original|Oprindelig meddelelse|Ursprungligt meddelande|Wiadomość oryginalna|Исходное сообщение)\s?-{3,10}/iu;

class QuoteFinder {
  readonly #html: string;
  readonly #kept: string[] = [];
  /** Elements of the name of the quote that are open in it; 0: outside of a quote. */
  #depth = 0;
  #name = "";
  #endsAtQuote = false;

  constructor(html: string) {
    this.#html = html;
  }

  /** Takes one token; false when all that follows is quoted. */
  take(token: HtmlToken): boolean {
    if (this.#depth > 0) return this.#inside(token);
    const source = this.#html.slice(token.start, token.end);
    if (token.kind === "text") return this.#text(source);
    const isTag = token.kind === "open" || token.kind === "empty";
    if (isTag && quoteMarks.some((mark) => mark.test(source))) return this.#end();
    if (token.kind === "open" && quoteElements.some((element) => element.test(source))) {
      this.#depth = 1;
      this.#name = token.name;
      return true;
    }
    this.#kept.push(source);
    return true;
  }

  result(): { readonly kept: string; readonly endsAtQuote: boolean } {
    return { kept: this.#kept.join(""), endsAtQuote: this.#endsAtQuote };
  }

  #inside({ kind, name }: HtmlToken): boolean {
    if (name === this.#name && kind === "open") this.#depth++;
    if (name === this.#name && kind === "close") this.#depth--;
    return true;
  }

  #text(source: string): boolean {
    const mark = markText.exec(source);
    this.#kept.push(mark === null ? source : source.slice(0, mark.index));
    return mark === null || this.#end();
  }

  #end(): boolean {
    this.#endsAtQuote = true;
    return false;
  }
}

function hasWords(html: string): boolean {
  for (const token of htmlTokens(html)) {
    const source = html.slice(token.start, token.end);
    if (token.kind === "text" && source.replace(/&nbsp;|&#160;|\s/g, "") !== "") return true;
    if (token.name === "img") return true;
  }
  return false;
}

/** "On Monday Ann wrote:", in whatever language: a short line in front of a quote that ends with a colon. */
const introduction = /^.{0,300}[:：]\s*$/u;

/** Plain text without its quoted lines and the line that introduces them; all of it where nothing else is there. */
export function ownText(text: string): string {
  const kept: string[] = [];
  let isQuote = false;
  for (const line of text.split(/\r\n|\r|\n/)) {
    if (markText.test(line)) break;
    if (!line.startsWith(">")) kept.push(line);
    else if (!isQuote) dropIntroduction(kept);
    isQuote = line.startsWith(">");
  }
  const own = kept.join("\r\n");
  return own.trim() === "" ? text : own;
}

/** The introduction may be broken into two lines, with an empty one behind it. */
function dropIntroduction(kept: string[]): void {
  while (kept.at(-1)?.trim() === "") kept.pop();
  if (!introduction.test(kept.at(-1) ?? "")) return;
  const last = kept.pop() ?? "";
  // "On Mon, 5 Jan 2026 at 10:00 Ann <ann@…>" + "wrote:"
  if (last.trim().length < 20 && /\d/.test(kept.at(-1) ?? "")) kept.pop();
}
