/** Mails that the server cannot read: what is wrong with one of them must not cost the others of its folder. */
import type { NumberRange } from "../../feed.ts";
import type { Clock } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { ImapConnection } from "./connection.ts";
import { failedFetch, fetchArguments, fetchMails, type FetchAsked } from "./fetching.ts";
import { unreadableBreaksMost, unreadableMs, unreadableSearchMs } from "./limits.ts";
import { atom, pairsOf, rangesOf, textOf } from "./tokens.ts";

/** A folder by its name and UIDVALIDITY, and what of its mails is fetched. */
interface Place {
  readonly path: string;
  readonly epoch: string;
  readonly of: FetchAsked["of"];
}

/** Those that were found; after a while each is tried again. */
export class UnreadableMails {
  readonly #clock: Clock;
  readonly #log: Log;
  /** Until when each is left out, by place. */
  readonly #untilMs = new Map<string, Map<number, number>>();

  constructor(clock: Clock, log: Log) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Those of a place. */
  in(place: Place): readonly NumberRange[] {
    const found = this.#untilMs.get(keyOf(place));
    if (found === undefined) return [];
    const now = this.#clock.now();
    return rangesOf([...found].flatMap(([number, untilMs]) => (untilMs > now ? number : [])));
  }

  add(place: Place, numbers: readonly number[]): void {
    if (numbers.length === 0) return;
    const now = this.#clock.now();
    const before = [...(this.#untilMs.get(keyOf(place)) ?? [])].filter(([, until]) => until > now);
    const found = numbers.map((number) => [number, now + unreadableMs] as const);
    this.#untilMs.set(keyOf(place), new Map([...before, ...found]));
    const { epoch, of } = place;
    this.#log.warn({ epoch, of, numbers }, "the server cannot read mails");
  }
}

function keyOf({ path, epoch, of }: Place): string {
  return `${of} ${epoch} ${path}`;
}

type On = <Result>(work: (connection: ImapConnection) => Promise<Result>) => Promise<Result>;

/** Where unreadable mails are looked for. */
export interface Suspects {
  readonly mails: UnreadableMails;
  readonly clock: Clock;
  /** Runs work on a connection that has the folder selected. */
  readonly once: On;
  /** The same, a second time on a new one where the connection breaks. */
  readonly twice: On;
}

/**
 * Finds those of a FETCH that failed: whoever tells the flags of a mail and breaks off twice at what is in it cannot
 * read it. False: there are none, or the server as a whole is in trouble.
 */
export async function findUnreadable(asked: FetchAsked, suspects: Suspects): Promise<boolean> {
  const { place, numbers } = await suspects.twice((connection) => suspectsOf(connection, asked));
  const found = await new Search(asked, suspects).among(numbers);
  suspects.mails.add(place, found);
  return found.length > 0;
}

async function suspectsOf(
  connection: ImapConnection,
  asked: FetchAsked,
): Promise<{ readonly place: Place; readonly numbers: readonly number[] }> {
  const { selectedPath: path = "", selectedEpoch: epoch = "", unreadable } = connection;
  const { of, ranges } = asked;
  const place = { path, epoch, of };
  const known = unreadable?.in(place) ?? [];
  const numbers = new Set<number>();
  const items = ["UID", "FLAGS"].map(atom);
  await connection.exec("UID FETCH", fetchArguments({ ...asked, items }), {
    FETCH: ({ attributes }) => {
      const number = Number(textOf(pairsOf(attributes?.[1]).get("UID")));
      const isNew = !contains(known, number) && contains(ranges, number);
      if (isNew) numbers.add(number);
    },
  });
  return { place, numbers: [...numbers] };
}

function contains(ranges: readonly NumberRange[], number: number): boolean {
  return ranges.some(({ low, high }) => low <= number && number <= high);
}

/** Reads halves of what cannot be read, down to single mails. */
class Search {
  readonly #asked: FetchAsked;
  readonly #suspects: Suspects;
  readonly #untilMs: number;
  #breaks = 0;

  constructor(asked: FetchAsked, suspects: Suspects) {
    this.#asked = asked;
    this.#suspects = suspects;
    this.#untilMs = suspects.clock.now() + unreadableSearchMs;
  }

  /** What was found within the bounds: the rest is found by the next look. */
  async among(numbers: readonly number[]): Promise<readonly number[]> {
    const isOver =
      this.#breaks >= unreadableBreaksMost || this.#suspects.clock.now() > this.#untilMs;
    if (isOver || numbers.length === 0 || (await this.#canRead(numbers))) return [];
    if (numbers.length === 1) return numbers;
    const middle = numbers.length >> 1;
    const lower = await this.among(numbers.slice(0, middle));
    return [...lower, ...(await this.among(numbers.slice(middle)))];
  }

  async #canRead(numbers: readonly number[]): Promise<boolean> {
    const { of, items } = this.#asked;
    const on = numbers.length === 1 ? this.#suspects.twice : this.#suspects.once;
    try {
      await on((connection) => fetchMails(connection, { of, items, ranges: rangesOf(numbers) }));
      return true;
    } catch (error) {
      if (failedFetch(error) === undefined) throw error;
      this.#breaks++;
      return false;
    }
  }
}
