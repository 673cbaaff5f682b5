/** A map that keeps the newest entries for some time and forgets the others. */
import type { Clock } from "./clock.ts";

interface Entry<Value> {
  readonly value: Value;
  readonly until: number;
}

/** At most `limit` entries, each until its own time; the one not used for longest goes first. */
export class BoundedMap<Key, Value> {
  readonly #clock: Clock;
  readonly #limit: number;
  readonly #entries = new Map<Key, Entry<Value>>();

  constructor(clock: Clock, limit: number) {
    this.#clock = clock;
    this.#limit = limit;
  }

  /** Entries that are kept, past their time or not. */
  get size(): number {
    return this.#entries.size;
  }

  /** The value of a key, as long as it is kept. */
  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    this.#entries.delete(key);
    if (entry.until <= this.#clock.now()) return undefined;
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Keeps a value for `keepMs`. */
  set(key: Key, value: Value, keepMs: number): void {
    this.#entries.delete(key);
    this.#entries.set(key, { value, until: this.#clock.now() + keepMs });
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > this.#limit && oldest.done === false)
      this.#entries.delete(oldest.value);
  }

  /** Forgets a key. */
  delete(key: Key): void {
    this.#entries.delete(key);
  }
}
