/** A folder as a feed: what changed since a mark, and what is newest. */
import type { Changes, Feed, FeedItem, NumberRange, Position } from "../../feed.ts";
import { mailVersion } from "../../items/email/version.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Access } from "./access.ts";
import type { ImapConnection } from "./connection.ts";
import { dayOf, imapDate, parseDateTime } from "./dates.ts";
import { flagsOf } from "./flags.ts";
import { allFlagsMs, flagsWithoutCondstore, setCharacters, topUid, widening } from "./limits.ts";
import { clip, complement, contains, intersect, parseSet, setOf, union } from "./number-sets.ts";
import { readPosition } from "./position.ts";
import { searchRanges } from "./search.ts";
import {
  type Argument,
  atom,
  atoms,
  fetchItems,
  type Line,
  listOf,
  numberOf,
  numberSet,
  pairsOf,
  textOf,
} from "./wire.ts";

const itemData = atoms("UID", "FLAGS", "INTERNALDATE");

/** The feed of one folder for one lease. */
export class FolderFeed implements Feed {
  readonly #access: Access;
  readonly #path: string;
  readonly #clock: Clock;
  #position: Position | undefined;

  constructor(access: Access, path: string, clock: Clock) {
    this.#access = access;
    this.#path = path;
    this.#clock = clock;
  }

  async position(): Promise<Position> {
    this.#position = await readPosition(this.#access, this.#path, () => this.#timeMark());
    return this.#position;
  }

  async changed(range: NumberRange, known: Position): Promise<Changes> {
    const now = this.#position ?? (await this.position());
    return await this.#access.in(this.#path, async (connection) => {
      const scene = { connection, range, known, now };
      if (connection.can("QRESYNC")) return await changedByQresync(scene);
      return await changedWithoutQresync(scene, this.#clock.now());
    });
  }

  async newest(
    range: NumberRange,
    limit: number,
  ): Promise<{ items: readonly FeedItem[]; reached: number }> {
    const { next, count } = this.#position ?? (await this.position());
    const high = Math.min(range.high, next - 1);
    if (high < range.low) return { items: [], reached: range.low };
    const density = Math.min(1, Math.max(count, 1) / Math.max(next - 1, 1));
    const width = Math.ceil(limit / density);
    return await this.#access.in(this.#path, async (connection) =>
      descend(connection, { low: range.low, high }, { limit, width }),
    );
  }

  async within(range: NumberRange, sinceDay: number): Promise<readonly NumberRange[]> {
    return await this.#access.in(this.#path, async (connection) =>
      searchSince(connection, [range], sinceDay),
    );
  }

  async withinKnown(
    known: readonly NumberRange[],
    sinceDay: number,
  ): Promise<readonly NumberRange[]> {
    const [first, last] = [known[0], known.at(-1)];
    if (first === undefined || last === undefined) return [];
    const asked = setOf(known).length <= setCharacters ? known : [{ ...first, high: last.high }];
    return await this.#access.in(this.#path, async (connection) =>
      intersect(known, await searchSince(connection, asked, sinceDay)),
    );
  }

  /** Without CONDSTORE the mark is the time: each look may find changed flags, none can be ruled out. */
  #timeMark(): bigint {
    const last = this.#position?.mark ?? 0n;
    const now = BigInt(this.#clock.now());
    return now > last ? now : last + 1n;
  }
}

interface Scene {
  readonly connection: ImapConnection;
  readonly range: NumberRange;
  readonly known: Position;
  readonly now: Position;
}

/** RFC 7162 section 3.2.6: UID FETCH (CHANGEDSINCE VANISHED). */
async function changedByQresync({ connection, range, known }: Scene): Promise<Changes> {
  const vanished: NumberRange[] = [];
  const since = [...atoms("CHANGEDSINCE", known.mark.toString(), "VANISHED")];
  const items = await fetchFeedItems(connection, [range], since, (line) => {
    vanished.push(...parseSet(textOf(line.attributes?.at(-1))));
  });
  return settled(items, clip(union(vanished), range));
}

/** What is gone is searched for only when the numbers of items do not add up. */
async function changedWithoutQresync(scene: Scene, nowMs: number): Promise<Changes> {
  const { connection, range, known } = scene;
  const items = connection.can("CONDSTORE")
    ? await fetchFeedItems(connection, [range], atoms("CHANGEDSINCE", known.mark.toString()))
    : await lookedAt(scene, nowMs);
  if (addsUp(scene, items)) return { items, gone: [] };
  const there = await searchRanges(connection, [atom("UID"), numberSet(setOf([range]))]);
  const arrived = items.at(-1)?.number ?? 0;
  const last = Math.max(scene.now.next - 1, ...there.slice(-1).map(({ high }) => high), arrived);
  return settled(items, complement(there, { ...range, high: Math.min(range.high, last) }));
}

/** As many items as before and those that came since: nothing went. Says no where it cannot tell. */
function addsUp({ range, known, now }: Scene, items: readonly FeedItem[]): boolean {
  if (now.next === known.next) return now.count === known.count;
  if (range.high < now.next - 1) return false;
  const arrived = items.filter(({ number }) => number >= known.next && number < now.next);
  return range.low <= known.next && now.count === known.count + arrived.length;
}

/** Without CONDSTORE: the newest items each time, all of them four times an hour. */
async function lookedAt(
  { connection, range, known, now }: Scene,
  nowMs: number,
): Promise<FeedItem[]> {
  const slot = (ms: number): number => Math.floor(ms / allFlagsMs);
  const all = slot(Number(known.mark)) !== slot(nowMs) || now.count <= flagsWithoutCondstore;
  if (all) return await fetchFeedItems(connection, [range]);
  const there = await searchRanges(connection, [atom("UID"), numberSet(setOf([range]))]);
  return await fetchFeedItems(connection, newestOf(there, flagsWithoutCondstore));
}

function newestOf(ranges: readonly NumberRange[], limit: number): NumberRange[] {
  const taken: NumberRange[] = [];
  let left = limit;
  for (const { low, high } of ranges.toReversed()) {
    if (left <= 0) break;
    taken.unshift({ low: Math.max(low, high - left + 1), high });
    left -= high - low + 1;
  }
  return taken;
}

/** An item that went while the server was asked is gone. */
function settled(items: readonly FeedItem[], gone: readonly NumberRange[]): Changes {
  return { items: items.filter(({ number }) => !contains(gone, number)), gone };
}

/** Looks downwards from the top until there are enough, wider after a hole. */
async function descend(
  connection: ImapConnection,
  range: NumberRange,
  { limit, width }: { limit: number; width: number },
): Promise<{ items: FeedItem[]; reached: number }> {
  const items: FeedItem[] = [];
  let reached = range.high + 1;
  for (let step = width; items.length < limit && reached > range.low; step *= widening) {
    const low = Math.max(range.low, reached - step);
    const found = await fetchFeedItems(connection, [{ low, high: reached - 1 }]);
    items.push(...found.toSorted((a, b) => b.number - a.number));
    reached = low;
  }
  const most = limit * widening;
  if (items.length <= most) return { items, reached };
  return { items: items.slice(0, most), reached: items[most - 1]?.number ?? reached };
}

/** The items of these ranges; each number once, as it was told last. */
async function fetchFeedItems(
  connection: ImapConnection,
  ranges: readonly NumberRange[],
  modifiers: readonly Argument[] = [],
  vanished: (line: Line) => void = () => {},
): Promise<FeedItem[]> {
  const [first, last] = [ranges[0], ranges.at(-1)];
  if (first === undefined || last === undefined) return [];
  const bounds = { low: first.low, high: Math.min(last.high, topUid) };
  const found = new Map<number, FeedItem>();
  const command = [numberSet(setOf(ranges)), itemData];
  await connection.command("UID FETCH", modifiers.length > 0 ? [...command, modifiers] : command, {
    untagged: {
      FETCH: (line) => {
        const item = readFeedItem(line);
        if (item === undefined || item.number < bounds.low || item.number > bounds.high) return;
        found.set(item.number, item);
      },
      VANISHED: vanished,
    },
  });
  return [...found.values()];
}

/** An unasked FETCH (another client's change) may lack the date: it is no answer to this command. */
function readFeedItem(line: Line): FeedItem | undefined {
  let number = 0;
  let flags: string[] | undefined;
  let day: number | undefined;
  for (const [key, value] of pairsOf(fetchItems(line))) {
    if (key === "UID") number = numberOf(value);
    else if (key === "FLAGS") flags = listOf(value).map(textOf);
    else if (key === "INTERNALDATE") day = dayOf(parseDateTime(textOf(value)));
  }
  if (number === 0 || flags === undefined || day === undefined) return undefined;
  const state = flagsOf(flags);
  return { number, version: mailVersion(state), labels: state.categories, day };
}

/**
 * What arrived on a UTC day or later. SINCE compares dates in the server's time zone, which is unknown: what
 * is within a day of the limit is judged by its INTERNALDATE.
 */
async function searchSince(
  connection: ImapConnection,
  ranges: readonly NumberRange[],
  sinceDay: number,
): Promise<NumberRange[]> {
  const since = (day: number): Argument[] => [
    ...[atom("UID"), numberSet(setOf(ranges))],
    ...atoms("SINCE", imapDate(day)),
  ];
  const perhaps = await searchRanges(connection, since(Math.max(0, sinceDay - 1)));
  if (perhaps.length === 0) return [];
  const surely = await searchRanges(connection, since(sinceDay + 1));
  const last = perhaps.at(-1)?.high ?? 0;
  const first = perhaps[0]?.low ?? 0;
  const unsure = intersect(perhaps, complement(surely, { low: first, high: last }));
  const judged = await fetchFeedItems(connection, unsure);
  const inside = judged.filter(({ day }) => day >= sinceDay);
  return union(
    surely,
    inside.map(({ number }) => ({ low: number, high: number })),
  );
}
