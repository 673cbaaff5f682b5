/**
 * What the next request for a folder will most likely ask, asked while nobody waits for it: a device that was told
 * of more comes back at once, and the mail server can work while the answer is on its way.
 */
import type { Upcoming } from "../../backend.ts";
import type { Position } from "../../feed.ts";
import type { MailItem, PartFetched, PartWanted } from "../../items/email/message.ts";
import type { Clock, Timer } from "../../kit/clock.ts";
import type { Log } from "../../kit/log.ts";
import type { ImapConnection } from "./connection.ts";
import { listing } from "./feed-items.ts";
import { listedPerLook, readAheadKeptMs, readsAhead } from "./limits.ts";
import { listItems } from "./list.ts";
import { newest, type Found, type NewestAsked } from "./newest.ts";
import { fetchParts } from "./parts.ts";
import type { Pool } from "./pool.ts";
import { areWorth, mostOf, SmallMails } from "./small-mails.ts";

/** What shall be read: `upcoming` of a folder that was told to stand at `now`. */
export interface Wish {
  readonly path: string;
  readonly now: Position;
  readonly upcoming: Upcoming;
  /** What was read ahead for the request that wishes this. */
  readonly former?: Ahead | undefined;
}

/** An answer of `newest`, with the metadata of its items. */
export interface FoundAhead extends Found {
  readonly listed: readonly MailItem[];
}

/** What is read ahead of one folder; what could not be read is not there. */
export interface Ahead {
  readonly path: string;
  readonly asked: NewestAsked;
  /** Commands that were sent for it so far. */
  commands(): number;
  readonly found: Promise<FoundAhead | undefined>;
  readonly parts: Promise<readonly PartFetched[]>;
  /** Whether its mails were such that they might as well have come whole; false until that is known. */
  areSmall(): boolean;
}

interface Kept {
  readonly ahead: Ahead;
  readonly expiry: Timer;
}

/** The readings ahead for all accounts of a server: one for each pool, few in all, none for long. */
export class ReadAhead {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #kept = new Map<Pool, Kept>();

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock;
    this.#log = log;
  }

  /** Begins to read, unless enough is read already: what waits for one device is not given up for another's. */
  begin(pool: Pool, wish: Wish): void {
    if (this.#kept.has(pool) || this.#kept.size >= readsAhead) return;
    const ahead = this.#read(pool, wish);
    const expiry = this.#clock.after(readAheadKeptMs, () => this.#kept.delete(pool));
    this.#kept.set(pool, { ahead, expiry });
  }

  /** Gives away what is read for this question, whatever happened in the folder meanwhile. */
  claim(pool: Pool, path: string, asked: NewestAsked): Ahead | undefined {
    const kept = this.#kept.get(pool);
    if (kept === undefined || !isFor(kept.ahead, path, asked)) return undefined;
    kept.expiry.cancel();
    this.#kept.delete(pool);
    return kept.ahead;
  }

  #read(pool: Pool, { path, now, upcoming, former }: Wish): Ahead {
    const { range, limit } = upcoming;
    const asked = { range, limit, now };
    const visit = pool.visit(new AbortController().signal);
    // The request before was told where the folder stands: what that takes of a view is enough.
    visit.told.add(path);
    const on = <Result>(work: (connection: ImapConnection) => Promise<Result>): Promise<Result> =>
      pool.useSelected(path, visit, work);
    const small = former?.areSmall() === true ? new SmallMails(asked) : undefined;
    const found = this.#orNothing(on((connection) => readNewest(connection, asked, small)));
    let areSmall = false;
    const readThem = async (read: FoundAhead | undefined): Promise<readonly PartFetched[]> => {
      const items = read?.listed ?? [];
      const wanted = upcoming.wanted(items);
      if (wanted.length === 0) return [];
      areSmall = areWorth({ items, wanted, most: mostOf(asked) }, small);
      const { there, others } = divided(wanted, small);
      if (others.length === 0) return there;
      const come = await this.#orNothing(on((connection) => readParts(connection, asked, others)));
      return [...there, ...(come ?? [])];
    };
    const parts = found.then(readThem).finally(() => small?.forget());
    const commands = (): number => visit.commands;
    return { path, asked, commands, found, parts, areSmall: () => areSmall };
  }

  /** What cannot be read ahead is nobody's fault: whoever wants it asks himself. */
  async #orNothing<Result>(reading: Promise<Result>): Promise<Result | undefined> {
    try {
      return await reading;
    } catch (error) {
      this.#log.debug({ err: error }, "mail could not be read ahead");
      return undefined;
    }
  }
}

/** Whether what is read answers the question, as long as the folder is of the same epoch. */
function isFor(ahead: Ahead, path: string, { range, limit, now }: NewestAsked): boolean {
  const { asked } = ahead;
  return (
    ahead.path === path &&
    asked.range.low === range.low &&
    asked.range.high === range.high &&
    asked.limit === limit &&
    asked.now.epoch === now.epoch
  );
}

/** undefined where marks are none of the server's: nothing would tell that the answer still holds. */
async function readNewest(
  connection: ImapConnection,
  asked: NewestAsked,
  small: SmallMails | undefined,
): Promise<FoundAhead | undefined> {
  if (!isAsTold(connection, asked) || !connection.keepsMarks) return undefined;
  const kept = new Map<number, MailItem>();
  const along = listing((item) => kept.set(item.number, item));
  const found = await newest(connection, asked, along, small ?? along);
  const listed = found.items.flatMap(({ number }) => small?.item(number) ?? kept.get(number) ?? []);
  const there = new Set(listed.map(({ number }) => number));
  const others = found.items.flatMap(({ number }) => (there.has(number) ? [] : number));
  const path = connection.selectedPath ?? "";
  return { ...found, listed: [...listed, ...(await listItems(connection, path, others))] };
}

/** Parts of small mails that came whole, and those that are still to be asked for. */
function divided(
  wanted: readonly PartWanted[],
  small: SmallMails | undefined,
): { readonly there: readonly PartFetched[]; readonly others: readonly PartWanted[] } {
  const there: PartFetched[] = [];
  const others: PartWanted[] = [];
  for (const part of wanted) {
    const came = small?.part(part);
    if (came === undefined) others.push(part);
    else there.push(came);
  }
  return { there, others };
}

async function readParts(
  connection: ImapConnection,
  asked: NewestAsked,
  wanted: readonly PartWanted[],
): Promise<readonly PartFetched[]> {
  return isAsTold(connection, asked) ? await fetchParts(connection, wanted) : [];
}

/** Numbers of another epoch name other mails. */
function isAsTold(connection: ImapConnection, { now, limit }: NewestAsked): boolean {
  return connection.selectedEpoch === now.epoch && limit <= listedPerLook;
}
