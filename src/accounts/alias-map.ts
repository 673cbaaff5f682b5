/** Further addresses of users, from a file in the form of Postfix's virtual aliases (virtual(5)). */
import { readFile, stat } from "node:fs/promises";
import type { Log } from "../kit/log.ts";
import { maxAddresses, maxOwners } from "./limits.ts";

/** A map as it was read, and the file's state by which a change of it is seen. */
interface Read {
  readonly changedMs: number;
  readonly sizeBytes: number;
  readonly addresses: ReadonlyMap<string, readonly string[]>;
  readonly entries: readonly Entry[];
}

/** A further address, and who has it. */
interface Entry {
  readonly alias: string;
  /** The words of its name before the @, each after a blank. */
  readonly words: string;
  readonly owner: string;
}

/** What is looked for, in lower case: how an address begins, and words of a name ("" for none). */
export interface SoughtAlias {
  readonly address: string;
  readonly words: string;
}

/** The alias map of one mail domain; looked at again when its file changed. */
export class AliasMap {
  readonly #file: string;
  readonly #log: Log;
  #read: Read = { changedMs: 0, sizeBytes: -1, addresses: new Map(), entries: [] };

  constructor(file: string, log: Log) {
    this.#file = file;
    this.#log = log;
  }

  /** Addresses whose mail goes to this one alone, in the file's order. A file that cannot be read leaves the last state. */
  async addressesOf(email: string): Promise<readonly string[]> {
    const { addresses } = await this.#current();
    return addresses.get(email.toLowerCase()) ?? [];
  }

  /** Who has an address that fits: exactly the one that is looked for, else those that begin so. */
  async ownersOf({ address, words }: SoughtAlias): Promise<readonly string[]> {
    const { entries } = await this.#current();
    const exact = entries.find(({ alias }) => alias === address);
    if (exact !== undefined) return [exact.owner];
    const fits = (entry: Entry): boolean =>
      entry.alias.startsWith(address) || (words !== "" && entry.words.includes(` ${words}`));
    const owners = new Set(entries.filter(fits).map(({ owner }) => owner));
    return [...owners].slice(0, maxOwners);
  }

  async #current(): Promise<Read> {
    try {
      await this.#refresh();
    } catch (error) {
      this.#log.warn({ file: this.#file, err: error }, "The alias map cannot be read");
    }
    return this.#read;
  }

  async #refresh(): Promise<void> {
    const { mtimeMs: changedMs, size: sizeBytes } = await stat(this.#file);
    if (changedMs === this.#read.changedMs && sizeBytes === this.#read.sizeBytes) return;
    const addresses = parseAliasMap(await readFile(this.#file, "utf8"));
    this.#read = { changedMs, sizeBytes, addresses, entries: entriesOf(addresses) };
  }
}

function entriesOf(addresses: Read["addresses"]): Entry[] {
  return [...addresses].flatMap(([owner, aliases]) =>
    aliases.map((alias) => ({ alias, words: wordsOf(alias), owner })),
  );
}

function wordsOf(address: string): string {
  return ` ${address.slice(0, address.lastIndexOf("@")).replace(/[._+-]/g, " ")}`;
}

/**
 * Addresses by the one that gets their mail. Lines with several targets are lists and nobody's identity;
 * "@domain" is a catch-all and no address.
 */
export function parseAliasMap(text: string): ReadonlyMap<string, readonly string[]> {
  const found = new Map<string, string[]>();
  for (const line of logicalLines(text)) {
    const [alias = "", target = "", ...more] = line.toLowerCase().split(/[\s,]+/);
    const isAddress = /^[^@]+@[^@]+$/.test(alias);
    if (!isAddress || target === "" || more.length > 0 || alias === target) continue;
    const known = found.get(target) ?? [];
    if (known.length < maxAddresses && !known.includes(alias)) known.push(alias);
    found.set(target, known);
  }
  return found;
}

/** A line that begins with a blank goes on the one before; "#" begins a comment line. */
function logicalLines(text: string): string[] {
  const lines = text.split(/\r?\n/).filter((line) => line.trim() !== "" && !/^\s*#/.test(line));
  return lines
    .join("\n")
    .replace(/\n[ \t]+/g, " ")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "");
}
