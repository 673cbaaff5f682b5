/** A mail server that does what broke real ones: the feed of the model test. */
import type { Changes, Feed, FeedItem, NumberRange, Position } from "../../src/feed.ts";
import { rangesOf } from "../../src/sync/ranges.ts";
import type { Chance } from "./chance.ts";

/** What a device sees of an item. */
export interface Content {
  readonly version: number;
  readonly labels: readonly string[];
}

interface Item extends Content {
  readonly day: number;
  readonly mark: bigint;
}

/**
 * qresync: names exactly what went. naming: names every number that is missing. counting: CONDSTORE without
 * QRESYNC. forgetful: without CONDSTORE, marks are made up and everything is told each time.
 */
export type ServerKind = "qresync" | "naming" | "counting" | "forgetful";

interface Snapshot {
  readonly items: ReadonlyMap<number, Item>;
  readonly next: number;
}

/** Marks fall by so much when a backup comes back: no history makes up for it before devices look. */
const markFall = 1_000_000n;

export class ModelServer implements Feed {
  readonly kind: ServerKind;
  today = 20_000;
  /** Questions by kind, for tests of how much is asked. */
  readonly asked: string[] = [];
  /** Lines told by `changed` and `newest`. */
  lines = 0;
  /** Called while a plan is being made, after `position`: others do not wait. */
  interfere: (() => void) | undefined;
  readonly #chance: Chance;
  #epoch = 1;
  #items = new Map<number, Item>();
  #gone: { number: number; mark: bigint }[] = [];
  #mark = 1_000_000_000n;
  #next: number;
  #backup: Snapshot | undefined;
  readonly #retired = new Set<number>();

  constructor(kind: ServerKind, chance: Chance, next = 1) {
    this.kind = kind;
    this.#chance = chance;
    this.#next = next;
  }

  get epoch(): string {
    return String(this.#epoch);
  }

  numbers(): number[] {
    return [...this.#items.keys()];
  }

  get(number: number): Item | undefined {
    return this.#items.get(number);
  }

  /** Mails come in, all on one mark. */
  arrive(count: number, look: (number: number) => Content & { readonly day: number }): number[] {
    this.#mark += 1n;
    return Array.from({ length: count }, () => {
      while (this.#retired.has(this.#next)) this.#next += 1;
      const number = this.#next;
      this.#next += 1;
      this.#items.set(number, { ...look(number), mark: this.#mark });
      return number;
    });
  }

  /** Changes items, all on one mark; those that are gone are left out. An unchanged item still gets the mark. */
  change(numbers: readonly number[], to: (before: Content) => Content): void {
    this.#mark += 1n;
    for (const number of numbers) {
      const item = this.#items.get(number);
      if (item !== undefined) this.#items.set(number, { ...item, ...to(item), mark: this.#mark });
    }
  }

  /** Items go, all on one mark. */
  expunge(numbers: readonly number[]): void {
    this.#mark += 1n;
    for (const number of numbers) {
      if (this.#items.delete(number)) this.#gone.push({ number, mark: this.#mark });
    }
  }

  /** The mark rises, nothing can be seen. */
  bump(): void {
    this.#mark += BigInt(this.#chance.between(1, 3));
  }

  /** Numbers are used up without an item. */
  skipNumbers(count: number): void {
    this.#next += count;
  }

  /**
   * The newest items went, and their numbers are given again. Where what went is found by counting, nobody
   * could tell a number that was given twice from one that stayed.
   */
  reuseNumbers(): void {
    if (this.kind === "counting" || this.kind === "forgetful") return;
    this.#next = Math.max(0, ...this.#items.keys()) + 1;
  }

  /**
   * This number is used up: its Add was left out of a repeated answer because the item had vanished. A device
   * that got the first answer has it, one that got the second has not, and nobody can tell.
   */
  retire(number: number): void {
    this.#retired.add(number);
  }

  backUp(): void {
    this.#backup = { items: new Map(this.#items), next: this.#next };
  }

  /** The backup comes back, with lower marks. */
  restore(): void {
    if (this.#backup === undefined) return;
    this.#mark -= markFall;
    const kept = [...this.#backup.items].filter(([number]) => !this.#retired.has(number));
    this.#items = new Map(kept.map(([number, item]) => [number, { ...item, mark: this.#mark }]));
    this.#next = this.#backup.next;
    this.#gone = [];
  }

  /** Another UIDVALIDITY: everything is numbered anew. */
  renumber(): void {
    this.#epoch += 1;
    this.#mark += 1n;
    const items = [...this.#items.values()];
    this.#items = new Map(items.map((item, index) => [index + 1, { ...item, mark: this.#mark }]));
    this.#next = items.length + 1;
    this.#gone = [];
    this.#backup = undefined;
    this.#retired.clear();
  }

  async position(): Promise<Position> {
    this.asked.push("position");
    if (this.kind === "forgetful") this.#mark += 1n;
    return { epoch: this.epoch, mark: this.#mark, next: this.#next, count: this.#items.size };
  }

  async changed(range: NumberRange, known: Position): Promise<Changes> {
    this.#ask("changed");
    const isNew = (item: Item): boolean => this.kind === "forgetful" || item.mark > known.mark;
    const items = this.#told(range).filter(({ number }) => isNew(this.#items.get(number) as Item));
    this.lines += items.length;
    const gone = this.#goneSince(range, known);
    return { items, gone: this.#chance.happens(0.5) ? gone : gone.toReversed() };
  }

  async newest(
    range: NumberRange,
    limit: number,
  ): Promise<{ items: readonly FeedItem[]; reached: number }> {
    this.#ask("newest");
    const span = limit * this.#chance.between(1, 4);
    const reached = Math.max(range.low, range.high - span + 1);
    const items = this.#told({ low: reached, high: range.high });
    this.lines += items.length;
    return { items: items.toSorted((a, b) => b.number - a.number), reached };
  }

  async within(range: NumberRange, sinceDay: number): Promise<readonly NumberRange[]> {
    this.#ask("within");
    const inside = this.#told(range).filter(({ day }) => day >= sinceDay);
    return rangesOf(inside.map(({ number }) => number).toSorted((a, b) => a - b));
  }

  async withinKnown(
    known: readonly NumberRange[],
    sinceDay: number,
  ): Promise<readonly NumberRange[]> {
    this.#ask("withinKnown");
    const inside = known.flatMap((range) => this.#told(range)).filter(({ day }) => day >= sinceDay);
    return rangesOf(inside.map(({ number }) => number).toSorted((a, b) => a - b));
  }

  #ask(question: string): void {
    this.asked.push(question);
    this.interfere?.();
  }

  #told({ low, high }: NumberRange): FeedItem[] {
    const inside = [...this.#items].filter(([number]) => low <= number && number <= high);
    return inside.map(([number, { version, labels, day }]) => ({ number, version, labels, day }));
  }

  #goneSince(range: NumberRange, known: Position): NumberRange[] {
    if (this.kind === "qresync") {
      const gone = this.#gone.filter(({ mark }) => mark > known.mark);
      return gone.map(({ number }) => ({ low: number, high: number }));
    }
    return this.kind === "naming" || this.#countDiffers(known) ? this.#missing(range) : [];
  }

  /** As RFC 7162 advises clients of servers without QRESYNC: arrivals alone explain the count, or not. */
  #countDiffers(known: Position): boolean {
    const arrived = this.numbers().filter((number) => number >= known.next).length;
    return this.#items.size - arrived !== known.count || this.#next < known.next;
  }

  #missing({ low, high }: NumberRange): NumberRange[] {
    const there = this.numbers().filter((number) => low <= number && number <= high);
    const ends = [low - 1, ...there.toSorted((a, b) => a - b), high + 1];
    return ends
      .slice(1)
      .map((end, index) => ({ low: (ends[index] as number) + 1, high: end - 1 }))
      .filter((range) => range.low <= range.high);
  }
}
