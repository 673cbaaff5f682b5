/**
 * Sets of categories, interned: a mail's version on the device is `version | index << 8`, and the head holds
 * the table. An index stays what it is until no item of either generation uses it; then it is given anew.
 */
import { createHash } from "node:crypto";
import { labelSetsMost } from "./limits.ts";

/** The table: set of index 1 first; null is a free place. Index 0 is the empty set. */
export type LabelTable = readonly (readonly string[] | null)[];

const indexShift = 256;
/** Marks an index that is a hash: only beyond `labelSetsMost` sets in real use. */
const hashedIndex = 0x80_0000;

/** The version that an item with these labels has in the known rows; undefined: its set is not in the table. */
export function findLabelled(
  table: LabelTable,
  version: number,
  labels: readonly string[],
): number | undefined {
  const index = findIndex(table, labels);
  return index === undefined ? undefined : (version % indexShift) + index * indexShift;
}

/** The same, after taking the set into the table. */
export function intern(
  table: LabelTable,
  version: number,
  labels: readonly string[],
): { readonly table: LabelTable; readonly version: number } {
  const found = findLabelled(table, version, labels);
  if (found !== undefined) return { table, version: found };
  const free = table.indexOf(null);
  const place = free === -1 ? table.length : free;
  if (place >= labelSetsMost) {
    return { table, version: (version % indexShift) + hashOf(labels) * indexShift };
  }
  return {
    table: table.length === place ? [...table, labels] : table.with(place, labels),
    version: (version % indexShift) + (place + 1) * indexShift,
  };
}

/** The labels of a version; empty for a set that is known by its hash alone. */
export function labelsOf(table: LabelTable, version: number): readonly string[] {
  return table[indexOf(version) - 1] ?? [];
}

/** The feed's own part of a version: what is below the index. */
export function plainVersion(version: number): number {
  return version % indexShift;
}

/** The version with another plain part. */
export function withPlainVersion(version: number, plain: number): number {
  return version - plainVersion(version) + plain;
}

/** Whether unused sets should be swept out before another comes in. */
export function isFull(table: LabelTable): boolean {
  return table.length >= labelSetsMost && !table.includes(null);
}

/** The table without the sets that none of these versions uses. */
export function swept(table: LabelTable, versions: Iterable<number>): LabelTable {
  const used = new Set<number>();
  for (const version of versions) used.add(indexOf(version));
  return table.map((labels, place) => (used.has(place + 1) ? labels : null));
}

function indexOf(version: number): number {
  return Math.floor(version / indexShift);
}

function findIndex(table: LabelTable, labels: readonly string[]): number | undefined {
  if (labels.length === 0) return 0;
  const place = table.findIndex((set) => set !== null && sameSet(set, labels));
  if (place !== -1) return place + 1;
  return table.length >= labelSetsMost && !table.includes(null) ? hashOf(labels) : undefined;
}

function sameSet(a: readonly string[], b: readonly string[]): boolean {
  return a.length === b.length && a.every((label, index) => label === b[index]);
}

function hashOf(labels: readonly string[]): number {
  const digest = createHash("sha256").update(JSON.stringify(labels)).digest();
  return hashedIndex + (digest.readUIntBE(0, 3) % hashedIndex);
}

/** Bits of `Operation.differs`. */
const differ = { ordinary: 0x100, inner: 0x200 } as const;

/** In which bits of their plain part two versions differ, and in what kind of labels (`Operation.differs`). */
export function differingBits(table: LabelTable, before: number, after: number): number {
  const plain = plainVersion(before) ^ plainVersion(after);
  if (indexOf(before) === indexOf(after)) return plain;
  // Of a set that is known by its hash alone nobody knows what is in it.
  if (Math.max(indexOf(before), indexOf(after)) >= hashedIndex) {
    return plain | differ.ordinary | differ.inner;
  }
  const [had, has] = [labelsOf(table, before), labelsOf(table, after)];
  const changed = [
    ...had.filter((label) => !has.includes(label)),
    ...has.filter((label) => !had.includes(label)),
  ];
  const inner = changed.some(isInner) ? differ.inner : 0;
  return plain | inner | (changed.every(isInner) ? 0 : differ.ordinary);
}

function isInner(label: string): boolean {
  return label.startsWith("\u0001");
}
