/** An account's mailbox, leased for one request. */
import type { Readable } from "node:stream";
import {
  BackendError,
  BackendUnavailable,
  type FlagChange,
  type FolderHits,
  type ItemOutcome,
  type MailFolderType,
  type MailSession,
  type OnlyWhere,
  type RemoteFolder,
  type SearchBounds,
  type Upcoming,
  type WatchEvent,
} from "../../backend.ts";
import type { Feed, Position } from "../../feed.ts";
import type { MailFlags, MailItem, PartFetched, PartWanted } from "../../items/email/message.ts";
import type { MailQuery } from "../../items/search/condition.ts";
import { untilAborted } from "../../kit/abort.ts";
import type { Clock } from "../../kit/clock.ts";
import { octetsOf, type Octets } from "../../kit/octets.ts";
import {
  copyItems,
  findByMessageId,
  moveItems,
  removeItems,
  serverFault,
  setFlags,
} from "./actions.ts";
import { appendMail } from "./append.ts";
import type { ImapConnection } from "./connection.ts";
import { imapFeed, type FeedAccount, type OnSelected } from "./feed.ts";
import { failedFetch, isLeftOut, type FetchAsked } from "./fetching.ts";
import { childPath, deleteFolder, renameFolder } from "./folder-changes.ts";
import { removeAll } from "./emptying.ts";
import { createFolder, listFolders } from "./folders.ts";
import { identitiesOf } from "./identities.ts";
import { unreadableLooksMost } from "./limits.ts";
import { listItems } from "./list.ts";
import { ListedItems } from "./listed.ts";
import { searchMails } from "./mail-search.ts";
import { fetchParts, openPart, peek } from "./parts.ts";
import type { Pool, Visit } from "./pool.ts";
import type { ReadAhead } from "./read-ahead.ts";
import { RequestAhead } from "./request-ahead.ts";
import { atom, rangesOf, topNumber } from "./tokens.ts";
import { threadsOf } from "./threads.ts";
import { findUnreadable } from "./unreadable.ts";
import type { Watches } from "./watch.ts";

/** What a session leases. */
export interface Lease extends Disposable {
  readonly pool: Pool;
  readonly watches: Watches;
  readonly ahead: ReadAhead;
  readonly clock: Clock;
  /** Ends what the request waits for, when its client hangs up. */
  readonly signal: AbortSignal;
}

/** Items of a folder, and the epoch of their numbers where it matters. */
interface ItemsOf {
  readonly path: string;
  readonly numbers: readonly number[];
  readonly epoch: string | undefined;
}

/** A lease on the connections of an account. */
export class ImapSession implements MailSession {
  readonly #lease: Lease;
  readonly #subscriptions = new Set<Disposable>();
  readonly #visit: Visit;
  readonly #listed = new ListedItems();
  readonly #ahead: RequestAhead;

  constructor(lease: Lease) {
    this.#lease = lease;
    this.#visit = lease.pool.visit(lease.signal);
    this.#ahead = new RequestAhead(lease);
  }

  roundTrips(): number {
    return this.#visit.commands + this.#ahead.commands;
  }

  folders(): Promise<readonly RemoteFolder[]> {
    return this.#lease.pool.folders(this.#visit, listFolders);
  }

  createFolder(path: string, type: MailFolderType): Promise<RemoteFolder> {
    return this.#anywhere((connection) => createFolder(connection, path, type));
  }

  childPath(parentPath: string, name: string): Promise<string> {
    const read = () => this.#anywhere((connection) => childPath(connection, parentPath, name));
    return this.#lease.pool.reading(read);
  }

  renameFolder(path: string, toPath: string): Promise<void> {
    return this.#changeFolder(path, (connection) => renameFolder(connection, path, toPath));
  }

  deleteFolder(path: string): Promise<void> {
    return this.#changeFolder(path, (connection) => deleteFolder(connection, path));
  }

  feed(path: string): Feed {
    const position = (of: string): Promise<Position> => this.#position(of);
    const { clock } = this.#lease;
    const ahead: FeedAccount["ahead"] = (of, asked) => this.#ahead.newest(of, asked);
    return imapFeed(path, { on: this.#read, position, clock, listed: this.#listed, ahead });
  }

  readAhead(path: string, now: Position, upcoming: Upcoming): void {
    this.#ahead.wish({ path, now, upcoming });
  }

  async list(
    path: string,
    numbers: readonly number[],
    epoch?: string,
  ): Promise<readonly MailItem[]> {
    const known = this.#listed.take(path, numbers);
    const there = new Set(known.map(({ number }) => number));
    const rest = numbers.filter((number) => !there.has(number));
    if (rest.length === 0) return known;
    const asked = await this.#read(path, async (connection) => {
      return isOthers(connection, epoch) ? [] : listItems(connection, path, rest);
    });
    return [...known, ...asked];
  }

  async fetchParts(
    path: string,
    wanted: readonly PartWanted[],
    epoch?: string,
  ): Promise<readonly PartFetched[]> {
    if (wanted.length === 0) return [];
    const [found, rest] = await this.#ahead.parts(path, wanted, epoch);
    if (rest.length === 0) return found;
    const asked = await this.#read(path, async (connection) => {
      return isOthers(connection, epoch) ? [] : fetchParts(connection, rest);
    });
    return [...found, ...asked];
  }

  async openPart(
    path: string,
    part: PartWanted & { readonly epoch: string },
  ): Promise<Readable | undefined> {
    const { epoch } = await this.#position(path);
    return epoch === part.epoch ? openPart(this.#read, path, part) : undefined;
  }

  async setFlags(
    path: string,
    changes: readonly FlagChange[],
    { epoch, unchangedSince }: OnlyWhere = {},
  ): Promise<readonly ItemOutcome[]> {
    const numbers = changes.map(({ number }) => number);
    return this.#change({ path, numbers, epoch }, (connection) => {
      return setFlags(connection, changes, unchangedSince);
    });
  }

  async remove(
    path: string,
    numbers: readonly number[],
    epoch?: string,
  ): Promise<readonly ItemOutcome[]> {
    return this.#change({ path, numbers, epoch }, (connection) => removeItems(connection, numbers));
  }

  movesAtOnce(): Promise<boolean> {
    return this.#anywhere(async (connection) => connection.has("MOVE"));
  }

  async removeAll(path: string): Promise<number> {
    this.#listed.begin(path);
    const { next } = await this.#position(path);
    return this.#on(path, (connection) => removeAll(connection, next));
  }

  async move(
    path: string,
    numbers: readonly number[],
    toPath: string,
    epoch?: string,
  ): Promise<readonly ItemOutcome[]> {
    const outcomes = await this.#change({ path, numbers, epoch }, (connection) => {
      return moveItems(connection, numbers, toPath);
    });
    return this.#assured(path, outcomes);
  }

  async copy(
    path: string,
    numbers: readonly number[],
    toPath: string,
  ): Promise<readonly ItemOutcome[]> {
    if (numbers.length === 0) return [];
    const copied = this.#on(path, (connection) => copyItems(connection, numbers, toPath));
    return this.#assured(path, await copied);
  }

  /** Throws where a server failed at mails that it can read: it may do better with the next request. */
  async #assured(path: string, outcomes: readonly ItemOutcome[]): Promise<readonly ItemOutcome[]> {
    const failed = outcomes.filter(
      (each) => each.kind === "refused" && each.reason === serverFault,
    );
    for (const { number } of failed) {
      const mail = wholeMail(number);
      const isKnown = await this.#on(path, async (connection) => isLeftOut(connection, mail));
      if (!isKnown && !(await this.#findUnreadable(path, mail))) {
        throw new BackendUnavailable("the server failed to transfer a mail");
      }
    }
    return outcomes;
  }

  async identities(
    path: string,
    which: readonly number[] | { readonly from: number },
  ): Promise<ReadonlyMap<number, string>> {
    const ranges =
      "from" in which ? [{ low: which.from, high: topNumber }] : rangesOf([...new Set(which)]);
    if (ranges.length === 0) return new Map();
    return this.#read(path, (connection) => identitiesOf(connection, ranges));
  }

  append(
    path: string,
    mime: Buffer | Octets,
    flags: Partial<MailFlags>,
  ): Promise<number | undefined> {
    const mail = { mime: octetsOf(mime), flags };
    return this.#anywhere((connection) => appendMail(connection, path, mail));
  }

  findByMessageId(path: string, messageId: string, from: number): Promise<number | undefined> {
    return this.#read(path, (connection) => findByMessageId(connection, messageId, from));
  }

  search(path: string, query: MailQuery, { limit, signal }: SearchBounds): Promise<FolderHits> {
    const ended = AbortSignal.any([signal, this.#lease.signal]);
    const found = this.#read(path, (connection) => {
      return searchMails(connection, path, query, { limit, signal: ended });
    });
    return untilAborted(found, signal);
  }

  threads(path: string): Promise<readonly (readonly number[])[]> {
    return this.#read(path, (connection) => threadsOf(connection, path));
  }

  async watch(
    paths: readonly string[],
    listener: (event: WatchEvent) => void,
  ): Promise<Disposable> {
    if (this.#lease.pool.closed) throw new BackendError("failed", "the session has ended");
    const subscription = this.#lease.watches.subscribe(paths, listener);
    this.#subscriptions.add(subscription);
    return {
      [Symbol.dispose]: () => {
        this.#subscriptions.delete(subscription);
        subscription[Symbol.dispose]();
      },
    };
  }

  /** Does something to items unless their numbers name other mails by now. */
  async #change(
    { path, numbers, epoch }: ItemsOf,
    work: (connection: ImapConnection) => Promise<readonly ItemOutcome[]>,
  ): Promise<readonly ItemOutcome[]> {
    if (numbers.length === 0) return [];
    this.#listed.begin(path);
    return this.#on(path, async (connection) => {
      if (isOthers(connection, epoch)) return numbers.map((number) => ({ number, kind: "gone" }));
      return work(connection);
    });
  }

  #position(path: string): Promise<Position> {
    const { pool } = this.#lease;
    return pool.reading(() => pool.position(path, this.#visit));
  }

  readonly #on: OnSelected = (path, work) => this.#lease.pool.useSelected(path, this.#visit, work);

  /** Reads once more without what the server turns out not to be able to read. */
  readonly #read: OnSelected = async (path, work) => {
    for (let look = 1; ; look++) {
      try {
        return await this.#twice(path, work);
      } catch (error) {
        const asked = failedFetch(error);
        if (asked === undefined || look === unreadableLooksMost) throw error;
        if (!(await this.#findUnreadable(path, asked))) throw error;
      }
    }
  };

  readonly #twice: OnSelected = (path, work) => {
    return this.#lease.pool.reading(() => this.#on(path, work));
  };

  #findUnreadable(path: string, asked: FetchAsked): Promise<boolean> {
    const { pool, clock } = this.#lease;
    return findUnreadable(asked, {
      mails: pool.unreadable,
      clock,
      once: (work) => this.#on(path, work),
      twice: (work) => this.#twice(path, work),
    });
  }

  #anywhere<Result>(work: (connection: ImapConnection) => Promise<Result>): Promise<Result> {
    return this.#lease.pool.use(undefined, this.#visit, work);
  }

  /** Idle connections let go of the folder first: a server may end those that have it open. */
  #changeFolder(path: string, work: (connection: ImapConnection) => Promise<void>): Promise<void> {
    this.#lease.pool.letGo(path);
    return this.#anywhere(work);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const subscription of this.#subscriptions) subscription[Symbol.dispose]();
    this.#subscriptions.clear();
    this.#ahead.end();
    this.#lease[Symbol.dispose]();
  }
}

function wholeMail(number: number): FetchAsked {
  const items = [atom("UID"), peek("", 0, 0)];
  return { of: "wholes", ranges: [{ low: number, high: number }], items };
}

/** Whether numbers of this epoch name other mails in the folder that is selected. */
function isOthers(connection: ImapConnection, epoch: string | undefined): boolean {
  return epoch !== undefined && connection.selectedEpoch !== epoch;
}
