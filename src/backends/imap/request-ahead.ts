/** One request and what is read ahead: what was read for it, and what it wishes to be read for the next. */
import type { PartFetched, PartWanted } from "../../items/email/message.ts";
import { untilAborted } from "../../kit/abort.ts";
import type { NewestAsked } from "./newest.ts";
import type { Pool } from "./pool.ts";
import { isSamePosition } from "./position.ts";
import type { Ahead, FoundAhead, ReadAhead, Wish } from "./read-ahead.ts";

/** Where a request finds what was read ahead. */
export interface AheadOf {
  readonly ahead: ReadAhead;
  readonly pool: Pool;
  readonly signal: AbortSignal;
}

/** A request's share. */
export class RequestAhead {
  readonly #of: AheadOf;
  readonly #claimed: Ahead[] = [];
  #wish: Wish | undefined;

  constructor(of: AheadOf) {
    this.#of = of;
  }

  /** Commands that were sent ahead for this request. */
  get commands(): number {
    return this.#claimed.reduce((sum, claimed) => sum + claimed.commands(), 0);
  }

  /** The answer of `newest`, if it was read ahead and the folder stands where it stood then. */
  async newest(path: string, asked: NewestAsked): Promise<FoundAhead | undefined> {
    const { ahead, pool, signal } = this.#of;
    const claimed = ahead.claim(pool, path, asked);
    if (claimed === undefined) return undefined;
    this.#claimed.push(claimed);
    const found = await untilAborted(claimed.found, signal);
    return isSamePosition(claimed.asked.now, asked.now) ? found : undefined;
  }

  /** Of wanted parts those that were read ahead, and the others: a part never changes within an epoch. */
  async parts(
    path: string,
    wanted: readonly PartWanted[],
    epoch: string | undefined,
  ): Promise<readonly [found: readonly PartFetched[], rest: readonly PartWanted[]]> {
    const isOf = (each: Ahead): boolean => each.path === path && each.asked.now.epoch === epoch;
    const claimed = this.#claimed.find(isOf);
    if (claimed === undefined) return [[], wanted];
    const read = await untilAborted(claimed.parts, this.#of.signal);
    const there = new Map(read.map((part) => [nameOf(part), part]));
    const found = wanted.flatMap((part) => there.get(nameOf(part)) ?? []);
    return [found, wanted.filter((part) => !there.has(nameOf(part)))];
  }

  /** What is to be read once the request is over; the last wish counts. */
  wish(wish: Wish): void {
    this.#wish = wish;
  }

  /** The request is over. */
  end(): void {
    const { ahead, pool } = this.#of;
    const former = this.#claimed.find(({ path }) => path === this.#wish?.path);
    if (this.#wish !== undefined) ahead.begin(pool, { ...this.#wish, former });
    this.#wish = undefined;
  }
}

function nameOf({ number, section, maxBytes = 0 }: PartWanted): string {
  return `${number} ${section} ${maxBytes}`;
}
