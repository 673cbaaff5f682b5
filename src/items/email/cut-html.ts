/** Cuts HTML at a size so that a device can show it: iOS crashes on a torn character or tag. */
import { htmlTokens, type HtmlToken } from "./html-tokens.ts";
import { hiddenHtmlShare } from "./limits.ts";
import { cutText, utf8Size, utf8SizeOf } from "./text.ts";

/**
 * The beginning of an HTML body of at most `maxBytes` in UTF-8: cut outside of tags, entities and
 * comments, with all open elements closed. Style sheets and comments that would take more than their
 * share of the room are left out, so that something is left to read.
 */
export function cutHtml(html: string, maxBytes: number): string {
  if (html.length * 3 <= maxBytes || utf8Size(html) <= maxBytes) return html;
  return beginning(html, maxBytes);
}

/** Closes what a torn document leaves open, within `maxBytes`; for HTML that was not fetched whole. */
export function mendHtml(html: string, maxBytes: number): string {
  return beginning(html, maxBytes);
}

function beginning(html: string, maxBytes: number): string {
  const cutter = new Cutter(html, maxBytes);
  for (const token of htmlTokens(html)) {
    if (!cutter.take(token)) break;
  }
  return cutter.result();
}

/** Elements that an opening tag of the same row ends by itself (HTML 13.1.2.4). */
const impliedEnds: ReadonlyMap<string, readonly string[]> = new Map([
  ["p", ["p"]],
  ["li", ["li"]],
  ["td", ["td", "th"]],
  ["th", ["td", "th"]],
  ["tr", ["td", "th", "tr"]],
  ["dt", ["dt", "dd"]],
  ["dd", ["dt", "dd"]],
  ["option", ["option"]],
]);

type Piece = Pick<HtmlToken, "start" | "end">;

class Cutter {
  readonly #html: string;
  #room: number;
  #hiddenRoom: number;
  readonly #kept: string[] = [];
  /** What is kept last of the source, as it stands there. */
  #run = { start: 0, end: 0 };
  readonly #open: string[] = [];
  readonly #openCounts = new Map<string, number>();

  constructor(html: string, maxBytes: number) {
    this.#html = html;
    this.#room = maxBytes;
    this.#hiddenRoom = Math.floor(maxBytes * hiddenHtmlShare);
  }

  /** Takes one token; false when there is no room for it and the cut is here. */
  take(token: HtmlToken): boolean {
    switch (token.kind) {
      case "text":
        return this.#takeText(token);
      case "hidden":
        return this.#takeHidden(token);
      case "empty":
        return this.#keep(token, this.#sizeOf(token));
      case "open":
        return this.#takeOpen(token);
      case "close":
        return this.#takeClose(token);
    }
  }

  result(): string {
    this.#add(this.#open.map(closing).toReversed().join(""));
    return this.#kept.join("");
  }

  #sizeOf({ start, end }: Piece): number {
    return utf8SizeOf(this.#html, start, end);
  }

  #keep({ start, end }: Piece, bytes: number): boolean {
    if (bytes > this.#room) return false;
    this.#room -= bytes;
    if (start === this.#run.end) this.#run.end = end;
    else {
      this.#endRun();
      this.#run = { start, end };
    }
    return true;
  }

  /** Adds what does not stand here in the source. */
  #add(text: string): void {
    this.#endRun();
    this.#kept.push(text);
  }

  #endRun(): void {
    const { start, end } = this.#run;
    if (end > start) this.#kept.push(this.#html.slice(start, end));
    this.#run = { start: end, end };
  }

  #takeText(token: HtmlToken): boolean {
    if (this.#keep(token, this.#sizeOf(token))) return true;
    const source = this.#html.slice(token.start, token.end);
    const part = outsideEntity(source, cutText(source, this.#room));
    this.#keep({ start: token.start, end: token.start + part.length }, utf8Size(part));
    return false;
  }

  #takeHidden(token: HtmlToken): boolean {
    const bytes = this.#sizeOf(token);
    const unfinished = token.end === this.#html.length && !this.#html.endsWith(">");
    if (unfinished || bytes > this.#hiddenRoom || bytes > this.#room) return true;
    this.#hiddenRoom -= bytes;
    return this.#keep(token, bytes);
  }

  /** The room for the closing tag is taken together with the opening one. */
  #takeOpen(token: HtmlToken): boolean {
    const { name } = token;
    this.#endImplied(name);
    if (!this.#keep(token, this.#sizeOf(token) + closingLength(name))) return false;
    this.#open.push(name);
    this.#openCounts.set(name, (this.#openCounts.get(name) ?? 0) + 1);
    return true;
  }

  #endImplied(name: string): void {
    const ended = impliedEnds.get(name) ?? [];
    while (ended.includes(this.#open.at(-1) ?? "")) this.#add(closing(this.#pop() ?? ""));
  }

  /** Closes up to the matching open element; a closing tag without one is left out. */
  #takeClose({ name, start, end }: HtmlToken): boolean {
    if ((this.#openCounts.get(name) ?? 0) === 0) return true;
    while (this.#open.at(-1) !== name) this.#add(closing(this.#pop() ?? ""));
    this.#pop();
    // Its room was taken when it was opened.
    const isAsWritten =
      end - start === closingLength(name) && this.#html.startsWith(name, start + 2);
    if (isAsWritten) this.#keep({ start, end }, 0);
    else this.#add(closing(name));
    return true;
  }

  #pop(): string | undefined {
    const name = this.#open.pop();
    if (name !== undefined) this.#openCounts.set(name, (this.#openCounts.get(name) ?? 1) - 1);
    return name;
  }
}

function closing(name: string): string {
  return `</${name}>`;
}

function closingLength(name: string): number {
  return name.length + 3;
}

/** Names of entities are at most 32 characters long (HTML 13.5). */
const openEntity = /&(?:#[0-9a-zA-Z]{0,8}|[a-zA-Z][a-zA-Z0-9]{0,31})?$/;

function outsideEntity(source: string, part: string): string {
  return part.length === source.length ? part : withoutTornEntity(part);
}

/** HTML that breaks off, without half a character or entity at its end. */
export function withoutTornEntity(html: string): string {
  const whole = html.replace(/[\uD800-\uDBFF]$/, "");
  const tail = whole.slice(-40);
  const open = openEntity.exec(tail);
  return open === null ? whole : whole.slice(0, whole.length - (tail.length - open.index));
}
