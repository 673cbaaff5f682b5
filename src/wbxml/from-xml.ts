import { codePages } from "../../schemas/code-pages.ts";
import { tagByName } from "./tag-names.ts";
import { Writer } from "./writer.ts";
import type { CodePage } from "../../schemas/vocabulary.ts";

/** What an unprefixed name and the prefixes mean where an element stands. */
interface Scope {
  readonly page: CodePage | undefined;
  readonly prefixes: ReadonlyMap<string, CodePage>;
}

/** An element that is being written. */
interface Open {
  readonly name: string;
  readonly start: number;
  readonly scope: Scope;
  readonly opaque: string | undefined;
  text: string;
  hasChildren: boolean;
}

const SYNTAX =
  /<!--[^]*?-->|<[?!](?!\[)[^>]*>|<!\[CDATA\[(?<cdata>[^]*?)\]\]>|<\/(?<end>[\w:.-]+)\s*>|<(?<start>[\w:.-]+)(?<attributes>(?:\s+[\w:.-]+\s*=\s*"[^"]*")*)\s*(?<empty>\/?)>|(?<text>[^<]+)|(?<bad><)/gu;
const ATTRIBUTE = /([\w:.-]+)\s*=\s*"([^"]*)"/gu;

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
};

function character(name: string): string {
  if (name.startsWith("#x")) return String.fromCodePoint(Number.parseInt(name.slice(2), 16));
  if (name.startsWith("#")) return String.fromCodePoint(Number(name.slice(1)));
  return entities[name] ?? `&${name};`;
}

function unescape(text: string): string {
  return text.replaceAll(/&(#?\w+);/gu, (_, name: string) => character(name));
}

function pageNamed(name: string): CodePage {
  const plain = name.replace(/:$/u, "").toLowerCase();
  const page = codePages.find(({ prefix }) => prefix === plain);
  if (page === undefined) throw new Error(`there is no code page ${name}`);
  return page;
}

function scopeIn(outer: Scope, attributes: ReadonlyMap<string, string>): Scope {
  let { page, prefixes } = outer;
  for (const [name, value] of attributes) {
    if (name === "xmlns") page = pageNamed(value);
    else if (name.startsWith("xmlns:")) {
      prefixes = new Map([...prefixes, [name.slice("xmlns:".length), pageNamed(value)]]);
    }
  }
  return { page, prefixes };
}

/** Page and token of a name; `page26:tag05` names a tag that no page has. */
function resolve(name: string, { page, prefixes }: Scope): [page: number, token: number] {
  const unnamed = /^page(\d+):tag([\da-f]{2})$/u.exec(name);
  if (unnamed !== null) return [Number(unnamed[1]), Number.parseInt(unnamed[2] ?? "", 16)];
  const [prefix, local = prefix] = name.split(":");
  const known = prefixes.get(prefix ?? "")?.prefix ?? prefix;
  const tag = tagByName(`${name.includes(":") ? known : page?.prefix}:${local}`);
  if (tag === undefined) throw new Error(`no code page has a tag ${name}`);
  return [tag.page.number, tag.token];
}

class XmlReader {
  readonly #writer = new Writer();
  readonly #open: Open[] = [];

  read(xml: string): Buffer {
    for (const { groups = {} } of xml.matchAll(SYNTAX)) this.#token(groups);
    const last = this.#open.at(-1);
    if (last !== undefined) throw new Error(`${last.name} is not closed`);
    return this.#writer.finish();
  }

  #token(groups: Readonly<Record<string, string | undefined>>): void {
    const { start, end, text, cdata, bad } = groups;
    if (bad !== undefined) throw new Error("a < does not begin an element");
    if (start !== undefined) this.#start(start, groups["attributes"] ?? "");
    if (end !== undefined) this.#end(end);
    if (start !== undefined && groups["empty"] === "/") this.#end(start);
    if (text !== undefined && text.trim() !== "") this.#add(unescape(text));
    if (cdata !== undefined) this.#add(cdata);
  }

  #start(name: string, written: string): void {
    const parent = this.#open.at(-1);
    const attributes = new Map(
      [...written.matchAll(ATTRIBUTE)].map(([, key = "", value = ""]) => [key, unescape(value)]),
    );
    const outer = parent?.scope ?? { page: undefined, prefixes: new Map() };
    const scope = scopeIn(outer, attributes);
    if (parent !== undefined) parent.hasChildren = true;
    const start = this.#writer.open(...resolve(name, scope));
    const opaque = attributes.get("opaque");
    this.#open.push({ name, start, scope, opaque, text: "", hasChildren: false });
  }

  #add(text: string): void {
    const open = this.#open.at(-1);
    if (open === undefined) throw new Error("text outside of the root");
    open.text += text;
  }

  #end(name: string): void {
    const open = this.#open.pop();
    if (open?.name !== name) throw new Error(`</${name}> where ${open?.name ?? "nothing"} is open`);
    if (open.hasChildren && open.text !== "") throw new Error(`${name} has text and elements`);
    if (open.opaque === "base64") this.#writer.opaque(Buffer.from(open.text, "base64"));
    else if (open.opaque === "text") this.#writer.opaque(Buffer.from(open.text));
    else this.#writer.text(open.text);
    this.#writer.close(open.start);
  }
}

/**
 * The message that XML as `toXml` prints it stands for. Prefixes need no declaration; a default
 * namespace holds for all that is inside. Throws an Error that says what is wrong.
 */
export function fromXml(xml: string): Buffer {
  return new XmlReader().read(xml);
}
