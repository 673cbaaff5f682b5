import { isUtf8 } from "node:buffer";
import { clean } from "./clean.ts";
import { plainTags } from "./plain-tags.ts";
import { END_OF_ELEMENT, Reader } from "./reader.ts";
import { tagById } from "./tag-names.ts";

/** What to print of a message. */
export interface XmlOptions {
  /** False: of contents, secrets and unknown elements only the length is printed, as logs and traces want it. */
  readonly contents?: boolean;
}

const escapes: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;" };

function reference(character: string): string {
  return escapes[character] ?? `&#${character.codePointAt(0)};`;
}

function escape(text: string): string {
  // A text of spaces alone would be taken for indentation.
  if (text.trim() === "") return text.replaceAll(/./gsu, reference);
  // oxlint-disable-next-line no-control-regex -- they are made visible
  return text.replaceAll(/[&<>\u0000-\u0008\u000b-\u001f\ufffe\uffff]/gu, reference);
}

function printable(bytes: Buffer): boolean {
  return isUtf8(bytes) && clean(bytes.toString()) === bytes.toString();
}

class XmlPrinter {
  readonly namespaces = new Map<string, string>();
  readonly #reader: Reader;
  readonly #contents: boolean;
  #rootPage = -1;
  #lines: string[] = [];

  constructor(reader: Reader, options: XmlOptions) {
    this.#reader = reader;
    this.#contents = options.contents ?? true;
  }

  print(): string {
    const root = this.#reader.next();
    if (root === END_OF_ELEMENT) throw this.#reader.broken("there is no root");
    this.#rootPage = Math.floor(root / 256);
    this.#element(root, "");
    const declared = [...this.namespaces].map(([prefix, page]) => ` xmlns:${prefix}="${page}"`);
    const name = tagById(root)?.page.name ?? "";
    const [first = "", ...rest] = this.#lines;
    const start = first.replace(/(?=\/?>)/u, ` xmlns="${name}"${declared.join("")}`);
    return [start, ...rest, ""].join("\n");
  }

  #name(id: number): string {
    const page = Math.floor(id / 256);
    const tag = tagById(id);
    if (tag === undefined) return `page${page}:tag${(id % 256).toString(16).padStart(2, "0")}`;
    if (page === this.#rootPage) return tag.name;
    this.namespaces.set(tag.page.prefix, tag.page.name);
    return `${tag.page.prefix}:${tag.name}`;
  }

  #element(id: number, indent: string): void {
    const name = this.#name(id);
    if (!this.#reader.filled) {
      this.#lines.push(`${indent}<${name}/>`);
    } else if (this.#reader.atText()) {
      this.#lines.push(`${indent}${this.#leaf(id, name)}`);
    } else {
      this.#parent(name, indent);
    }
  }

  #parent(name: string, indent: string): void {
    const before = this.#lines.length;
    this.#reader.enter(name);
    this.#lines.push(`${indent}<${name}>`);
    for (let id = this.#reader.next(); id !== END_OF_ELEMENT; id = this.#reader.next()) {
      this.#element(id, `${indent}  `);
    }
    this.#reader.leave();
    if (this.#lines.length === before + 1) this.#lines[before] = `${indent}<${name}/>`;
    else this.#lines.push(`${indent}</${name}>`);
  }

  #leaf(id: number, name: string): string {
    if (!this.#reader.atOpaque()) {
      const text = this.#reader.text();
      const shown = this.#hidden(id) ? `…(${text.length} chars)` : escape(text);
      return text === "" ? `<${name}/>` : `<${name}>${shown}</${name}>`;
    }
    const bytes = this.#reader.bytes();
    if (this.#hidden(id)) return `<${name}>…(${bytes.length} bytes)</${name}>`;
    if (!printable(bytes)) return `<${name} opaque="base64">${bytes.toString("base64")}</${name}>`;
    return `<${name} opaque="text">${escape(bytes.toString())}</${name}>`;
  }

  #hidden(id: number): boolean {
    return !this.#contents && !plainTags.has(id);
  }
}

/**
 * Prints a message as XML, for traces and tests. The page of the root is the default namespace;
 * elements of other pages have the name of their page in small letters as prefix. Opaque data are
 * told by the attribute `opaque`, as text or base64.
 */
export function toXml(bytes: Buffer, options: XmlOptions = {}): string {
  return new XmlPrinter(new Reader(bytes), options).print();
}
