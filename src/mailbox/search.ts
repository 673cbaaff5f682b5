/** Looking for mails in several folders: one after the other, merged by their arrival, within a time limit. */
import { BackendError, type FolderHits, type MailSession, type SearchBounds } from "../backend.ts";
import type { MailQuery } from "../items/search/condition.ts";
import type { Clock } from "../kit/clock.ts";
import { TimeLimitPassed } from "../kit/abort.ts";
import type { Log } from "../kit/log.ts";
import type { Aliases } from "./aliased.ts";
import { isNoSuchFolder } from "./folders.ts";
import { searchedFolders, searchMs } from "./limits.ts";
import type { Folder, Found } from "./mailbox.ts";
import { referenceOf } from "./references.ts";

/** What a search works with. */
export interface SearchParts {
  readonly clock: Clock;
  readonly log: Log;
  /** Works in a folder where it is now. */
  at<Result>(
    collectionId: string,
    work: (session: MailSession, path: string, aliases: Aliases) => Promise<Result>,
  ): Promise<Result>;
}

/** What is looked for, and where. */
export interface Asked {
  readonly folders: readonly Folder[];
  /** A mail that fits one of them is found. */
  readonly queries: readonly MailQuery[];
  readonly limit: number;
}

interface Hit {
  readonly longId: string;
  readonly received: number;
}

/** Searches the folders, the likeliest first. Throws when no folder could be searched. */
export async function searchFolders(parts: SearchParts, asked: Asked): Promise<Found> {
  const late = new AbortController();
  using _timer = parts.clock.after(searchMs, () =>
    late.abort(new TimeLimitPassed(`a search took longer than ${searchMs} ms`)),
  );
  const search = new FolderSearch(parts, asked, late.signal);
  const folders = asked.folders.filter((folder) => folder.selectable).toSorted(byRank);
  for (const folder of folders.slice(0, searchedFolders)) await search.lookInto(folder);
  return search.found(folders.length);
}

/** Where people look for mail first: Inbox, Sent, their own folders; Deleted Items at last. */
const ranks: Readonly<Record<number, number>> = { 2: 0, 5: 1, 4: 9 };

function byRank(one: Folder, other: Folder): number {
  return (ranks[one.type] ?? 2) - (ranks[other.type] ?? 2) || one.serial - other.serial;
}

/** One search, folder by folder. */
class FolderSearch {
  readonly #parts: SearchParts;
  readonly #asked: Asked;
  readonly #signal: AbortSignal;
  #hits: Hit[] = [];
  #total = 0;
  /** Folders that were looked through. */
  #done = 0;
  #refusal: BackendError | undefined;

  constructor(parts: SearchParts, asked: Asked, signal: AbortSignal) {
    this.#parts = parts;
    this.#asked = asked;
    this.#signal = signal;
  }

  /** A folder that cannot be searched stops nothing; one that is gone has no mails. */
  async lookInto(folder: Folder): Promise<void> {
    if (this.#signal.aborted) return;
    try {
      await this.#search(folder.collectionId);
      this.#done++;
    } catch (error) {
      if (isNoSuchFolder(error)) this.#done++;
      else this.#pass(folder, error);
    }
  }

  #pass({ collectionId }: Folder, error: unknown): void {
    if (!this.#signal.aborted) {
      if (!(error instanceof BackendError)) throw error;
      this.#refusal = error;
    }
    this.#parts.log.warn({ collectionId, err: error }, "a folder could not be searched");
  }

  async #search(collectionId: string): Promise<void> {
    const { queries, limit } = this.#asked;
    const bounds: SearchBounds = { limit, signal: this.#signal };
    await this.#parts.at(collectionId, async (session, path, aliases) => {
      for (const query of queries) {
        this.#add(collectionId, await session.search(path, query, bounds), aliases);
      }
    });
  }

  /** Keeps no more than are asked for, none twice. */
  #add(collectionId: string, { epoch, hits, total }: FolderHits, aliases: Aliases): void {
    const known = new Set(this.#hits.map(({ longId }) => longId));
    const named = hits.map(({ number, received }) => {
      const found = { collectionId, epoch, number: aliases.numberOf(number), section: "" };
      return { longId: referenceOf(found), received: received.getTime() };
    });
    const fresh = named.filter(({ longId }) => !known.has(longId));
    const merged = [...this.#hits, ...fresh].toSorted((a, b) => b.received - a.received);
    this.#hits = merged.slice(0, this.#asked.limit);
    this.#total += total - (named.length - fresh.length);
  }

  /** Throws the time limit or the server's refusal when nothing was looked through. */
  found(folders: number): Found {
    if (this.#done === 0 && folders > 0) {
      this.#signal.throwIfAborted();
      if (this.#refusal !== undefined) throw this.#refusal;
    }
    return {
      longIds: this.#hits.map(({ longId }) => longId),
      total: this.#total,
      isWhole: this.#done === folders,
    };
  }
}
