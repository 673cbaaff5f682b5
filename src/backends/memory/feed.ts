/** A folder in memory as a feed. */
import {
  EpochPassed,
  type Changes,
  type Feed,
  type FeedItem,
  type NumberRange,
  type Position,
} from "../../feed.ts";
import { dayOf } from "../../kit/clock.ts";
import { mailVersion } from "../../items/email/version.ts";
import type { StoredFolder, StoredMail } from "./mailbox.ts";

/** The feed of a folder; `ask` counts a command and gives the folder as it is now. */
export class MemoryFeed implements Feed {
  readonly #ask: () => StoredFolder;
  /** The epoch of the position that was told last. */
  #epoch: string | undefined;

  constructor(ask: () => StoredFolder) {
    this.#ask = ask;
  }

  async position(): Promise<Position> {
    const { epoch, mark, next, mails } = this.#ask();
    this.#epoch = epoch;
    return { epoch, mark, next, count: mails.size };
  }

  async changed(range: NumberRange, known: Position): Promise<Changes> {
    const folder = this.#now();
    const items = inRange(folder, range).filter(({ mark }) => mark > known.mark);
    const gone = folder.gone.filter(({ mark }) => mark > known.mark).map(({ number }) => number);
    return {
      items: items.map(toFeedItem),
      gone: rangesOf(gone.filter((number) => range.low <= number && number <= range.high)),
    };
  }

  async newest(
    range: NumberRange,
    limit: number,
  ): Promise<{ items: readonly FeedItem[]; reached: number }> {
    const mails = inRange(this.#now(), range).toReversed();
    const items = mails.slice(0, limit).map(toFeedItem);
    const isWhole = items.length === mails.length;
    return { items, reached: isWhole ? range.low : (items.at(-1)?.number ?? range.low) };
  }

  async within(range: NumberRange, sinceDay: number): Promise<readonly NumberRange[]> {
    return rangesOf(
      inRange(this.#now(), range)
        .filter(({ received }) => dayOf(received.getTime()) >= sinceDay)
        .map(({ number }) => number),
    );
  }

  async withinKnown(
    known: readonly NumberRange[],
    sinceDay: number,
  ): Promise<readonly NumberRange[]> {
    const folder = this.#now();
    return rangesOf(
      known
        .flatMap((range) => inRange(folder, range))
        .filter(({ received }) => dayOf(received.getTime()) >= sinceDay)
        .map(({ number }) => number),
    );
  }

  #now(): StoredFolder {
    const folder = this.#ask();
    if (this.#epoch === undefined || folder.epoch === this.#epoch) return folder;
    throw new EpochPassed(`a folder of epoch ${this.#epoch} is in epoch ${folder.epoch}`);
  }
}

function inRange({ mails }: StoredFolder, { low, high }: NumberRange): StoredMail[] {
  const found = [...mails.values()].filter(({ number }) => low <= number && number <= high);
  return found.toSorted((one, other) => one.number - other.number);
}

function toFeedItem(mail: StoredMail): FeedItem {
  const { number, flags, received } = mail;
  const day = dayOf(received.getTime());
  return { number, version: mailVersion(flags), labels: flags.categories, day };
}

function rangesOf(numbers: readonly number[]): NumberRange[] {
  const ranges: { low: number; high: number }[] = [];
  for (const number of numbers.toSorted((one, other) => one - other)) {
    const last = ranges.at(-1);
    if (last?.high === number - 1) last.high = number;
    else ranges.push({ low: number, high: number });
  }
  return ranges;
}
