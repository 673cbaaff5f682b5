/** What the device has: known rows, read when they are first needed, with this request's edits on top. */
import type { NumberRange } from "../feed.ts";
import { decodeBlock, encodeBlock, KnownBlock } from "./known-block.ts";
import { blocksByNumberMost, blockSize, topNumber } from "./limits.ts";
import { numbersWithin, rangesOf } from "./ranges.ts";

/** Reads rows: those whose block lies in one of the runs. */
export type ReadBlocks = (runs: readonly NumberRange[]) => Promise<ReadonlyMap<number, Buffer>>;

/** Version that a number got; undefined: the device has it no more. */
export type Edits = ReadonlyMap<number, number | undefined>;

/** A row to be written; undefined: to be removed. */
export type BlockWrite = readonly [block: number, data: Buffer | undefined];

/** The stored rows of one state, read by need and kept for the length of a request. */
export class StoredKnown {
  readonly #read: ReadBlocks;
  readonly #blocks = new Map<number, KnownBlock>();
  readonly #looked = new Set<number>();
  #complete: boolean;

  /** Without a reader there are no rows: key 0. */
  constructor(read?: ReadBlocks) {
    this.#read = read ?? (() => Promise.resolve(new Map()));
    this.#complete = read === undefined;
  }

  /** Reads the rows of these numbers, as far as that has not been done. */
  async load(ranges: readonly NumberRange[]): Promise<void> {
    if (this.#complete || ranges.length === 0) return;
    const runs = ranges.map(({ low, high }) => ({ low: blockOf(low), high: blockOf(high) }));
    const count = runs.reduce((sum, { low, high }) => sum + high - low + 1, 0);
    if (count > blocksByNumberMost) await this.#loadAll();
    else await this.#loadRuns(runs);
  }

  /** Version in a row that was loaded. */
  get(number: number): number | undefined {
    return this.#blocks.get(blockOf(number))?.get(number % blockSize);
  }

  /** All numbers of the loaded rows, ascending. */
  *numbers(): Generator<number> {
    for (const block of [...this.#blocks.keys()].toSorted((a, b) => a - b)) {
      for (const offset of this.#blocks.get(block)?.offsets() ?? [])
        yield block * blockSize + offset;
    }
  }

  /** The rows that these edits change. Their blocks must be loaded. */
  written(edits: Edits): BlockWrite[] {
    const changed = new Map<number, KnownBlock>();
    for (const [number, version] of edits) {
      if (this.get(number) === version) continue;
      const index = blockOf(number);
      const block = changed.get(index) ?? this.#blocks.get(index)?.copy() ?? new KnownBlock();
      block.set(number % blockSize, version);
      changed.set(index, block);
    }
    return [...changed].map(([index, block]) => [
      index,
      block.size === 0 ? undefined : encodeBlock(block),
    ]);
  }

  async #loadRuns(runs: readonly NumberRange[]): Promise<void> {
    const missing = new Set<number>();
    for (const { low, high } of runs) {
      for (let block = low; block <= high; block += 1) {
        if (!this.#looked.has(block)) missing.add(block);
      }
    }
    if (missing.size === 0) return;
    this.#keep(await this.#read(rangesOf([...missing].toSorted((a, b) => a - b))));
    for (const block of missing) this.#looked.add(block);
  }

  async #loadAll(): Promise<void> {
    this.#keep(await this.#read([{ low: 0, high: blockOf(topNumber) }]));
    this.#complete = true;
  }

  #keep(rows: ReadonlyMap<number, Buffer>): void {
    for (const [block, data] of rows) {
      if (!this.#blocks.has(block)) this.#blocks.set(block, decodeBlock(data));
    }
  }
}

/** Stored rows with edits on top: what the device has in one state. */
export class Known {
  readonly stored: StoredKnown;
  readonly edits: Edits;

  constructor(stored: StoredKnown, edits: Edits = new Map()) {
    this.stored = stored;
    this.edits = edits;
  }

  /** Version on the device, undefined when it does not have the item. The number must be loaded. */
  get(number: number): number | undefined {
    return this.edits.has(number) ? this.edits.get(number) : this.stored.get(number);
  }

  /** Numbers in these ranges that the device has, ascending. The ranges must be loaded. */
  numbersIn(ranges: readonly NumberRange[]): number[] {
    const stored = numbersWithin(this.stored.numbers(), ranges);
    const kept = stored.filter((number) => !this.edits.has(number));
    const edited = [...this.edits].filter(([, version]) => version !== undefined);
    const added = numbersWithin(
      edited.map(([number]) => number).toSorted((a, b) => a - b),
      ranges,
    );
    return added.length === 0 ? kept : [...kept, ...added].toSorted((a, b) => a - b);
  }

  /** The versions of all items that either the rows or the edits hold. Everything must be loaded. */
  *versions(): Generator<number> {
    for (const number of this.stored.numbers()) yield this.stored.get(number) ?? 0;
    for (const version of this.edits.values()) if (version !== undefined) yield version;
  }
}

/** Row of a number. */
function blockOf(number: number): number {
  return Math.floor(number / blockSize);
}
