/** `HeadRows` in memory: as strict as the tables, without their cost. For tests of many histories. */
import type { BlockWrite } from "../../src/sync/known.ts";
import type { HeadRow, HeadRows, LastAnswer, Place } from "../../src/sync/rows.ts";

interface Stored extends LastAnswer {
  row: HeadRow;
  token: string | undefined;
  until: number;
  blocks: Map<number, Buffer>;
}

/** Rows in memory; `reads` and `writes` count calls by method. */
export interface MemoryRows extends HeadRows {
  readonly calls: Map<string, number>;
  /** Bytes of the known rows of a place, and how many they are. */
  size(place: Place): { rows: number; bytes: number; largest: number };
}

function withWrites(
  before: ReadonlyMap<number, Buffer>,
  writes: readonly BlockWrite[],
): Map<number, Buffer> {
  const blocks = new Map(before);
  for (const [block, data] of writes) {
    if (data === undefined) blocks.delete(block);
    else blocks.set(block, data);
  }
  return blocks;
}

/** An empty store. Everything goes through JSON, as it would through the tables. */
export function memoryRows(): MemoryRows {
  const heads = new Map<string, Stored>();
  const calls = new Map<string, number>();
  const nameOf = (place: Place): string =>
    JSON.stringify([place.accountId, place.deviceId, place.collectionId]);
  const at = (place: Place, call: string): Stored | undefined => {
    calls.set(call, (calls.get(call) ?? 0) + 1);
    return heads.get(nameOf(place));
  };
  const json = <Json>(value: Json): Json => JSON.parse(JSON.stringify(value)) as Json;
  return {
    calls,
    size(place) {
      const sizes = [...(heads.get(nameOf(place))?.blocks.values() ?? [])].map(
        ({ length }) => length,
      );
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      return { rows: sizes.length, bytes, largest: Math.max(0, ...sizes) };
    },
    async find(place) {
      return at(place, "find")?.row;
    },
    async take(place, { token, now, until }) {
      const stored = at(place, "take");
      if (stored === undefined || (stored.token !== undefined && stored.until > now))
        return undefined;
      Object.assign(stored, { token, until });
      return stored.row;
    },
    async create(place) {
      if (at(place, "create") !== undefined) return;
      const row = { uuid: undefined, counter: 0, previous: undefined, revision: 0, head: null };
      const rest = { undo: null, answer: null, token: undefined, until: 0, blocks: new Map() };
      heads.set(nameOf(place), { row, ...rest });
    },
    async renew(place, { token, until }) {
      const stored = at(place, "renew");
      if (stored?.token === token) stored.until = until;
    },
    async release(place, token) {
      const stored = at(place, "release");
      if (stored?.token === token) stored.token = undefined;
    },
    async lastAnswer(place, counter) {
      const stored = at(place, "lastAnswer");
      return stored?.row.counter === counter ? stored : undefined;
    },
    async blocks(place, counter, runs) {
      const stored = at(place, "blocks");
      if (stored?.row.counter !== counter) return undefined;
      const wanted = ([block]: [number, Buffer]): boolean =>
        runs.some(({ low, high }) => low <= block && block <= high);
      return new Map([...stored.blocks].filter(wanted));
    },
    async touch(place, { counter, revision }, head) {
      const stored = at(place, "touch");
      if (stored?.row.counter !== counter || stored.row.revision !== revision) return;
      stored.row = { ...stored.row, head: json(head), revision: revision + 1 };
    },
    async amend(place, { counter, token }, next) {
      const stored = at(place, "amend");
      if (stored?.row.counter !== counter || stored.token !== token) return;
      stored.blocks = withWrites(stored.blocks, next.blocks);
      const revision = stored.row.revision + 1;
      const undo = json(next.undo);
      Object.assign(stored, { row: { ...stored.row, head: json(next.head), revision }, undo });
    },
    async commit(place, { counter, token }, next) {
      const stored = at(place, "commit");
      if (stored?.row.counter !== counter || stored.token !== token) return false;
      const blocks = withWrites(next.replace ? new Map() : stored.blocks, next.blocks);
      const { uuid, previous } = next;
      heads.set(nameOf(place), {
        row: { uuid, counter: next.counter, previous, revision: 0, head: json(next.head) },
        undo: json(next.undo),
        answer: json(next.answer),
        token: undefined,
        until: 0,
        blocks,
      });
      return true;
    },
    async remove(place) {
      at(place, "remove");
      heads.delete(nameOf(place));
    },
  };
}
