/**
 * ConversationMode (MS-ASCMD 2.2.3.36.2): with a mail inside the FilterType window the older ones of its
 * conversation are inside too. So they are told as if they had come on the first day of the window.
 */
import type { Changes, Feed, FeedItem, NumberRange, Position } from "../feed.ts";
import { earlierOfConversationMost } from "./limits.ts";

/** The conversations of a folder that have several mails. */
export type ThreadsOf = () => Promise<readonly (readonly number[])[]>;

/** Conversations with a mail inside the window, by each of their numbers. */
type Reaching = ReadonlyMap<number, readonly number[]>;

const everything: NumberRange = { low: 1, high: 4_294_967_295 };

/** A feed of the mails since a day and of the conversations that they belong to. */
export function conversationFeed(feed: Feed, sinceDay: number, threadsOf: ThreadsOf): Feed {
  const members = new Members(feed, sinceDay, threadsOf);
  let next = Infinity;
  return {
    position: async () => {
      const position = await feed.position();
      next = position.next;
      return position;
    },
    changed: async (range, known) => {
      const changes = await feed.changed(range, known);
      // Without new mail no conversation has come into the window.
      return next <= known.next
        ? await members.told(changes)
        : await members.joined(changes, { range, known });
    },
    newest: async (range, limit) => {
      const { items, reached } = await feed.newest(range, limit);
      return { items: await members.dated(items), reached };
    },
    within: async (range) => await members.add(await feed.within(range, sinceDay), [range]),
    withinKnown: async (known) => {
      return await members.add(await feed.withinKnown(known, sinceDay), known);
    },
  };
}

/** Which older mails belong to a conversation inside the window; asked once, when it is needed. */
class Members {
  readonly #feed: Feed;
  readonly #sinceDay: number;
  readonly #threadsOf: ThreadsOf;
  #found: Promise<Reaching> | undefined;

  constructor(feed: Feed, sinceDay: number, threadsOf: ThreadsOf) {
    this.#feed = feed;
    this.#sinceDay = sinceDay;
    this.#threadsOf = threadsOf;
  }

  /** Items of such conversations as if they had come on the first day of the window. */
  async dated(items: readonly FeedItem[]): Promise<readonly FeedItem[]> {
    if (items.every(({ day }) => day >= this.#sinceDay)) return items;
    const reaching = await this.#reaching();
    return items.map((item) => {
      const isInside = item.day >= this.#sinceDay || !reaching.has(item.number);
      return isInside ? item : { ...item, day: this.#sinceDay };
    });
  }

  /** Changes of a range in which nothing joined the window. */
  async told({ items, gone }: Changes): Promise<Changes> {
    return { items: await this.dated(items), gone };
  }

  /**
   * Changes of a range with the mails there that came into the window with a new one, wherever that is: it may
   * have been told with an earlier window already.
   */
  async joined(
    changes: Changes,
    { range, known }: { readonly range: NumberRange; readonly known: Position },
  ): Promise<Changes> {
    const changed = new Set(changes.items.map(({ number }) => number));
    const earlier = [...(await this.#besidesNew(known.next))]
      .filter((number) => !changed.has(number) && contains([range], number))
      .toSorted((one, other) => other - one)
      .slice(0, earlierOfConversationMost);
    const items = [...changes.items];
    for (const number of earlier) {
      items.push(...(await this.#feed.newest({ low: number, high: number }, 1)).items);
    }
    return await this.told({ items, gone: changes.gone });
  }

  /** Ranges with the members of conversations that are in `where`. */
  async add(
    ranges: readonly NumberRange[],
    where: readonly NumberRange[],
  ): Promise<readonly NumberRange[]> {
    const numbers = [...(await this.#reaching()).keys()];
    const added = numbers
      .filter((number) => contains(where, number) && !contains(ranges, number))
      .map((number) => ({ low: number, high: number }));
    return [...ranges, ...added].toSorted((one, other) => one.low - other.low);
  }

  /** The older mails of the conversations that have one from this number on. */
  async #besidesNew(next: number): Promise<ReadonlySet<number>> {
    const reaching = await this.#reaching();
    const fresh = [...reaching].filter(([number]) => number >= next);
    const numbers = fresh.flatMap(([, conversation]) => conversation);
    return new Set(numbers.filter((number) => number < next));
  }

  #reaching(): Promise<Reaching> {
    this.#found ??= this.#find();
    return this.#found;
  }

  async #find(): Promise<Reaching> {
    const inside = await this.#feed.within(everything, this.#sinceDay);
    const threads = inside.length === 0 ? [] : await this.#threadsOf();
    const reaching = threads.filter((thread) => thread.some((number) => contains(inside, number)));
    return new Map(reaching.flatMap((thread) => thread.map((number) => [number, thread])));
  }
}

/** Whether ascending ranges have a number. */
function contains(ranges: readonly NumberRange[], number: number): boolean {
  let [low, high] = [0, ranges.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    const range = ranges[middle];
    if (range === undefined) return false;
    if (number < range.low) high = middle - 1;
    else if (number > range.high) low = middle + 1;
    else return true;
  }
  return false;
}
