/** Work that goes one after the other where it has the same key. */

/** Too many wait in a lane already. */
export class LaneFull extends Error {
  override name = "LaneFull";
}

interface Lane {
  tail: Promise<unknown>;
  length: number;
}

/** Lanes by key; a key without work takes no memory. */
export class Lanes {
  readonly #lanes = new Map<string, Lane>();
  readonly #limit: number;

  /** `limit`: how many may wait or run in one lane. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Runs `work` when what came before in the lane has ended. Throws `LaneFull` at once. */
  async run<Result>(key: string, work: () => Promise<Result>): Promise<Result> {
    const lane = this.#lanes.get(key) ?? { tail: Promise.resolve(), length: 0 };
    if (lane.length >= this.#limit) throw new LaneFull(`${lane.length} wait already`);
    this.#lanes.set(key, lane);
    lane.length += 1;
    const mine = lane.tail.then(work);
    lane.tail = mine.catch(() => {});
    try {
      return await mine;
    } finally {
      lane.length -= 1;
      if (lane.length === 0) this.#lanes.delete(key);
    }
  }
}
