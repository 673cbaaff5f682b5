/** The words of an RTF body, and the HTML that Outlook wraps into RTF (MS-OXRTFEX). */
import { decodeText } from "../email/charset.ts";
import { maxRtfDepth } from "./limits.ts";

/** What an RTF body says. */
export interface RtfBody {
  /** "" where it is HTML. */
  readonly text: string;
  readonly html: string | undefined;
}

/** Reads RTF in time that grows with its length. Never throws. */
export function readRtf(rtf: Buffer): RtfBody {
  const source = rtf.toString("latin1");
  const isHtml = /\\fromhtml1/.test(source.slice(0, 1000));
  const codepage = /\\ansicpg(\d{3,5})/.exec(source.slice(0, 1000))?.[1] ?? "1252";
  const reading = new Reading(isHtml, codepage === "65001" ? "utf-8" : `windows-${codepage}`);
  for (const token of tokens(source)) reading.take(token);
  const text = reading.done();
  return isHtml ? { text: "", html: text } : { text, html: undefined };
}

interface Token {
  readonly kind: "open" | "close" | "word" | "text";
  /** The word, or the text. */
  readonly text: string;
  readonly number?: number;
}

const form =
  /[{}]|\\([a-z]{1,32})(-?\d{1,10})? ?|\\'([0-9a-f]{2})|\\([^a-z'])|[\r\n]+|[^{}\\\r\n]+/gi;

function* tokens(source: string): Generator<Token, void, undefined> {
  for (const [all, word, number, hex, symbol] of source.matchAll(form)) {
    if (all === "{") yield { kind: "open", text: "" };
    else if (all === "}") yield { kind: "close", text: "" };
    else if (word !== undefined) yield wordToken(word, number);
    else if (hex !== undefined) yield textToken(String.fromCharCode(parseInt(hex, 16)));
    else if (symbol !== undefined) yield symbolToken(symbol);
    else if (!/^[\r\n]/.test(all)) yield textToken(all);
  }
}

function wordToken(word: string, number: string | undefined): Token {
  return { kind: "word", text: word, ...(number === undefined ? {} : { number: Number(number) }) };
}

function textToken(text: string): Token {
  return { kind: "text", text };
}

function symbolToken(symbol: string): Token {
  if (symbol === "*") return wordToken("*", undefined);
  if (symbol === "~") return textToken("\xa0");
  return textToken(/[\\{}]/.test(symbol) ? symbol : "");
}

/** What holds inside a group. */
interface Group {
  /** Nothing of it is shown. */
  hidden: boolean;
  /** It begins with "\*": hidden unless its word is known. */
  optional: boolean;
  /** Characters that stand for a Unicode one, to be passed over. */
  fallback: number;
}

/** Groups of tables and settings. */
const hiddenWords = new Set(
  "fonttbl colortbl stylesheet info pict object header footer themedata datastore listtable".split(
    " ",
  ),
);

const characters: Readonly<Record<string, string>> = {
  par: "\r\n",
  line: "\r\n",
  sect: "\r\n",
  row: "\r\n",
  tab: "\t",
  cell: "\t",
  emdash: "\u2014",
  endash: "\u2013",
  bullet: "\u2022",
  lquote: "\u2018",
  rquote: "\u2019",
  ldblquote: "\u201c",
  rdblquote: "\u201d",
};

class Reading {
  readonly #isHtml: boolean;
  readonly #charset: string;
  readonly #groups: Group[] = [{ hidden: false, optional: false, fallback: 1 }];
  readonly #out: string[] = [];
  /** Bytes in the code page that were not decoded yet: a character may take two. */
  #bytes = "";
  #toSkip = 0;
  #depth = 0;

  constructor(isHtml: boolean, charset: string) {
    this.#isHtml = isHtml;
    this.#charset = charset;
  }

  take(token: Token): void {
    if (token.kind === "open") this.#open();
    else if (token.kind === "close") this.#close();
    else if (token.kind === "word") this.#word(token.text, token.number);
    else this.#text(token.text);
  }

  done(): string {
    this.#flush();
    return this.#out.join("").replaceAll("\0", "");
  }

  get #group(): Group {
    return this.#groups.at(-1)!;
  }

  #open(): void {
    this.#depth++;
    if (this.#groups.length <= maxRtfDepth) this.#groups.push({ ...this.#group, optional: false });
  }

  #close(): void {
    this.#toSkip = 0;
    if (this.#depth > 0) this.#depth--;
    if (this.#groups.length > Math.max(1, Math.min(this.#depth + 1, maxRtfDepth + 1)))
      this.#groups.pop();
  }

  #word(word: string, number: number | undefined): void {
    const group = this.#group;
    if (word === "*") group.optional = true;
    else if (word === "htmltag" && this.#isHtml) group.optional = false;
    else if (group.optional || hiddenWords.has(word)) group.hidden = true;
    else if (word === "htmlrtf") group.hidden = number !== 0;
    else if (word === "uc") group.fallback = Math.min(Math.max(number ?? 1, 0), 10);
    else if (word === "u") this.#unicode(number ?? 0);
    else this.#character(characters[word]);
  }

  #character(text: string | undefined): void {
    if (text === undefined || this.#group.hidden) return;
    this.#flush();
    this.#out.push(text);
  }

  #unicode(number: number): void {
    this.#character(String.fromCharCode(number & 0xffff));
    this.#toSkip = this.#group.fallback;
  }

  #text(text: string): void {
    const shown = text.slice(this.#toSkip);
    this.#toSkip = Math.max(0, this.#toSkip - text.length);
    if (!this.#group.hidden) this.#bytes += shown;
  }

  #flush(): void {
    if (this.#bytes === "") return;
    this.#out.push(decodeText(Buffer.from(this.#bytes, "latin1"), { charset: this.#charset }));
    this.#bytes = "";
  }
}
