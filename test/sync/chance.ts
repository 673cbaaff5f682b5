/** Seeded chance: the same seed gives the same history. */

/** A stream of decisions. */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = seed >>> 0;
  }

  /** From 0 up to, not including, 1 (mulberry32). */
  fraction(): number {
    this.#state = (this.#state + 0x6d2b79f5) >>> 0;
    let mixed = this.#state;
    mixed = Math.imul(mixed ^ (mixed >>> 15), mixed | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + Math.floor(this.fraction() * (high - low + 1));
  }

  /** True in this share of cases. */
  happens(share: number): boolean {
    return this.fraction() < share;
  }

  /** One of the list, which must not be empty. */
  one<Value>(list: readonly Value[]): Value {
    return list[this.between(0, list.length - 1)] as Value;
  }

  /** Some of the list, `most` at the most. */
  some<Value>(list: readonly Value[], most: number): Value[] {
    if (list.length === 0) return [];
    const count = this.between(1, Math.min(most, list.length));
    return [...new Set(Array.from({ length: count }, () => this.one(list)))];
  }
}
