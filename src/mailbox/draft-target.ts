/** What the intent of a draft remembers, and where the parts of a draft's versions are. */
import { parseReference } from "./references.ts";
import { partKey, type Aliases } from "./aliased.ts";
import { formerPartsMost } from "./limits.ts";

/** Written down before a version of a draft is appended; `uid` behind it. */
export interface DraftTarget {
  /** Names this version alone. */
  readonly messageId: string;
  readonly epoch: string;
  /** No version with this Message-ID is below. */
  readonly next: number;
  readonly syncKey: string;
  /** The item that the version is of; undefined: an item of its own. */
  readonly number?: number;
  /** UID of the version that it replaces. */
  readonly base?: number;
  /** Sections of added attachments by ClientId. */
  readonly added: readonly (readonly [clientId: string, section: string])[];
  /** Sections of now by "uid:section" of earlier versions. */
  readonly parts: Readonly<Record<string, string>>;
  /** The device's text where another client changed or took away the item: a draft of its own. */
  readonly isBeside?: boolean;
  /** It replaces the version of a client that comes first. */
  readonly clientWins?: boolean;
  readonly uid?: number;
}

/** Sections of a version that a device names by references to it or to earlier ones. */
export function sectionsAt(
  aliases: Aliases,
  uid: number,
  references: readonly string[],
): ReadonlySet<string> {
  const number = aliases.numberOf(uid);
  const found = references.map((reference) => {
    const named = parseReference(reference);
    return named && aliases.find(named.number, named.section);
  });
  return new Set(found.flatMap((each) => (each?.number === number ? [each.section] : [])));
}

/** Where the parts of all versions before are in the new one. */
export function partsAfter(
  aliases: Aliases,
  uid: number,
  kept: ReadonlyMap<string, string>,
): Record<string, string> {
  const before = aliases.of(aliases.numberOf(uid))?.parts ?? {};
  const own = [...kept].map(([section, now]) => [partKey(uid, section), now] as const);
  const earlier = Object.entries(before).flatMap(([key, section]) => {
    const now = section === "" ? "" : kept.get(section);
    return now === undefined ? [] : [[key, now] as const];
  });
  const all = [[partKey(uid, ""), ""] as const, ...own, ...earlier];
  return Object.fromEntries(all.slice(0, formerPartsMost));
}
