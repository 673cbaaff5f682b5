/** The aliases of an account's folders as one request sees them, and which edits are halfway. */
import type { Clock } from "../kit/clock.ts";
import { listAliases, removeAliases, type AliasRow } from "../store/aliases.ts";
import type { FoundCollection } from "../store/collections.ts";
import { hasOpenEdit } from "../store/intent-batches.ts";
import type { Database } from "../store/sql.ts";
import { aliasesOf, noAliases, type Aliases } from "./aliased.ts";
import { pause } from "./intent-hold.ts";
import { editWaitMs, goneAliasesKept, goneAliasesMost, intentPollMs } from "./limits.ts";

/** MS-ASCMD 2.2.3.186.3: Drafts. Only there are items edited. */
export const draftsType = 3;

/** What aliases are read from. */
export interface AliasSource {
  readonly database: Database;
  readonly clock: Clock;
  readonly accountId: string;
  readonly signal: AbortSignal;
  /** Edits of this process that are at work. */
  readonly edits: OpenEdits;
}

/** A folder as far as its aliases go. */
type AliasedFolder = Pick<FoundCollection, "serial" | "epoch" | "type" | "aliased">;

/** Another request may write the first alias of a folder of drafts at any time. */
function mayHaveAliases({ type, aliased }: AliasedFolder): boolean {
  return aliased || type === draftsType;
}

/** Edits that this process carries out. */
export class OpenEdits {
  readonly #open = new Map<string, Set<Promise<unknown>>>();

  /** Carries out an edit of an account; who looks meanwhile waits for its end. */
  async run<Result>(accountId: string, work: () => Promise<Result>): Promise<Result> {
    const running = this.#open.get(accountId) ?? new Set();
    this.#open.set(accountId, running);
    const edit = work();
    const ended = edit.then(
      () => {},
      () => {},
    );
    running.add(ended);
    try {
      return await edit;
    } finally {
      running.delete(ended);
      if (running.size === 0) this.#open.delete(accountId);
    }
  }

  /** Resolves when no edit of the account is at work any more; false: none was. */
  async ended(accountId: string): Promise<boolean> {
    const running = this.#open.get(accountId);
    if (running === undefined) return false;
    await Promise.all(running);
    return true;
  }
}

/** Aliases, kept for the length of a request. */
export class AliasBook {
  readonly #source: AliasSource;
  readonly #known = new Map<number, { readonly epoch: string; readonly aliases: Aliases }>();

  constructor(source: AliasSource) {
    this.#source = source;
  }

  /** The aliases of a folder as this request last saw them. */
  async of(folder: AliasedFolder): Promise<Aliases> {
    const known = this.#known.get(folder.serial);
    return known?.epoch === folder.epoch ? known.aliases : await this.now(folder);
  }

  /** The aliases as they are now; no question where there can be none. */
  async now(folder: AliasedFolder): Promise<Aliases> {
    const { serial, epoch } = folder;
    if (!mayHaveAliases(folder)) return noAliases;
    const { database, accountId } = this.#source;
    const read = aliasesOf(await listAliases(database, { accountId, serial, epoch }));
    const known = this.#known.get(serial);
    const aliases = known?.epoch === epoch && isSame(known.aliases, read) ? known.aliases : read;
    this.#known.set(serial, { epoch, aliases });
    return aliases;
  }

  /**
   * The aliases as they are when no edit is between its new version and the alias that says so: a device that
   * looked then would be told a second draft, and right after it a change of the first one.
   */
  async settled(folder: AliasedFolder): Promise<Aliases> {
    if (!mayHaveAliases(folder)) return noAliases;
    const { database, clock, accountId, signal, edits } = this.#source;
    for (let waitedMs = 0; waitedMs <= editWaitMs; waitedMs += intentPollMs) {
      await edits.ended(accountId);
      if (!(await hasOpenEdit(database, accountId, clock.now()))) break;
      await pause(clock, intentPollMs, signal);
    }
    return await this.now(folder);
  }

  /** Removes the oldest of these aliases, whose items are gone, once there are many. */
  async prune({ serial, epoch }: AliasedFolder, gone: readonly AliasRow[]): Promise<void> {
    if (gone.length <= goneAliasesMost) return;
    const { database, accountId } = this.#source;
    const oldest = gone.toSorted((one, other) => one.uid - other.uid).slice(0, -goneAliasesKept);
    await removeAliases(database, { accountId, serial, epoch }, oldest);
    this.#known.delete(serial);
  }
}

function isSame(one: Aliases, other: Aliases): boolean {
  return (
    one.rows.length === other.rows.length &&
    one.rows.every(({ number, uid }) => other.uidOf(number) === uid)
  );
}
