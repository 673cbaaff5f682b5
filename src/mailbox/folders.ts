/** The folders of one account during a request: `collections` brought in line with the server. */
import { BackendError, BackendUnavailable } from "../backend.ts";
import type { MailFolderType, MailSession, RemoteFolder } from "../backend.ts";
import type { Log } from "../kit/log.ts";
import {
  findCollection,
  findHierarchy,
  listCollections,
  lockHierarchy,
  putCollections,
  putHierarchy,
  type CollectionRow,
  type FoundCollection,
  type HierarchyPosition,
} from "../store/collections.ts";
import type { Database, Sql } from "../store/sql.ts";
import { listRenames } from "./folder-intents.ts";
import { refreshAttempts } from "./limits.ts";
import { folderTypes, reconcile } from "./reconcile.ts";
import { serialOf } from "./references.ts";

/** What the folders of an account are made from. `session` opens the account's lease at first use. */
export interface FolderSource {
  readonly database: Database;
  readonly accountId: string;
  readonly log: Log;
  session(): Promise<MailSession>;
}

/** The kind of hint that tells other processes: an account's hierarchy changed. */
export const hierarchyHint = "folders";

/** Special folders that are made where the server has none, and their names there. */
const wanted: readonly (readonly [MailFolderType, string])[] = [
  ["drafts", "Drafts"],
  ["sent", "Sent"],
  ["trash", "Trash"],
];

/** Folder rows, kept for the length of a request, and work in folders by their id. */
export class Folders {
  readonly #source: FolderSource;
  readonly #rows = new Map<string, FoundCollection>();

  constructor(source: FolderSource) {
    this.#source = source;
  }

  /** Asks the server for its folders, once, and writes what changed; tells them. Throws instead of guessing. */
  async refresh(): Promise<readonly RemoteFolder[]> {
    for (let attempt = 1; ; attempt++) {
      const before = await this.#position();
      const remote = await this.#listRemote();
      const { database, accountId } = this.#source;
      const stored = await listCollections(database, accountId);
      if (reconcile(stored, remote, before).rows.length === 0) return remote;
      const trusted = attempt === refreshAttempts ? undefined : before.revision;
      const isDone = await database.transaction((sql) => this.#write(sql, remote, trusted));
      this.#rows.clear();
      if (isDone) return remote;
    }
  }

  /** All folders as the store has them now. */
  async all(): Promise<readonly CollectionRow[]> {
    const { database, accountId } = this.#source;
    return (await listCollections(database, accountId)).filter((row) => !row.deleted);
  }

  /** A folder as the store has it now; undefined when unknown or deleted. */
  async find(collectionId: string): Promise<FoundCollection | undefined> {
    const serial = serialOf(collectionId);
    if (serial === undefined) return undefined;
    const { database, accountId } = this.#source;
    const row = await findCollection(database, accountId, serial);
    if (row === undefined) this.#rows.delete(collectionId);
    else this.#rows.set(collectionId, row);
    return row;
  }

  /** A folder as this request knows it. Throws BackendError "no such folder". */
  async get(collectionId: string): Promise<FoundCollection> {
    const row = this.#rows.get(collectionId) ?? (await this.find(collectionId));
    if (row === undefined) throw noSuchFolder(collectionId);
    return row;
  }

  /** The special folder of this type as the store has it; undefined while the server has none. */
  async findSpecial(type: MailFolderType): Promise<CollectionRow | undefined> {
    const { database, accountId } = this.#source;
    const rows = await listCollections(database, accountId);
    return rows.find((row) => row.type === folderTypes[type] && row.selectable && !row.deleted);
  }

  /** Works with a special folder, making it where it is not there. Throws BackendError. */
  async atSpecial<Result>(
    type: MailFolderType,
    work: (session: MailSession, row: CollectionRow) => Promise<Result>,
  ): Promise<Result> {
    const row = await this.findSpecial(type);
    try {
      if (row !== undefined) return await work(await this.#source.session(), row);
    } catch (error) {
      if (!isNoSuchFolder(error)) throw error;
    }
    await this.refresh();
    const found = await this.findSpecial(type);
    if (found === undefined) throw new BackendError("not allowed", `The server makes no ${type}.`);
    return await work(await this.#source.session(), found);
  }

  /** Works in a folder; when its path is not there any more, looks for its new one, once. */
  async at<Result>(
    collectionId: string,
    work: (session: MailSession, row: FoundCollection) => Promise<Result>,
  ): Promise<Result> {
    const run = async (): Promise<Result> => {
      const row = await this.get(collectionId);
      if (!row.selectable) throw noSuchFolder(collectionId);
      return await work(await this.#source.session(), row);
    };
    try {
      return await run();
    } catch (error) {
      if (!isNoSuchFolder(error)) throw error;
    }
    await this.refresh();
    return await run();
  }

  async #position(): Promise<HierarchyPosition> {
    const position = await findHierarchy(this.#source.database, this.#source.accountId);
    if (position === undefined) throw new Error(`account ${this.#source.accountId} is not stored`);
    return position;
  }

  /** Writes under the account's lock; false when the hierarchy moved on since it was listed. */
  async #write(
    sql: Sql,
    remote: readonly RemoteFolder[],
    trusted: bigint | undefined,
  ): Promise<boolean> {
    const { database, accountId } = this.#source;
    await lockHierarchy(sql, accountId);
    const position = await findHierarchy(sql, accountId);
    if (position === undefined) throw new Error(`account ${accountId} is not stored`);
    if (trusted !== undefined && position.revision !== trusted) return false;
    const renames = await listRenames(sql, accountId);
    const change = reconcile(await listCollections(sql, accountId), remote, position, renames);
    if (change.rows.length === 0) return true;
    await putCollections(sql, accountId, change.rows);
    await putHierarchy(sql, accountId, change);
    if (change.visible) await database.notify(sql, hierarchyHint, accountId);
    return true;
  }

  /** What the server lists, special folders made where they are missing. A list without INBOX is no list. */
  async #listRemote(): Promise<readonly RemoteFolder[]> {
    const session = await this.#source.session();
    const listed = await session.folders();
    if (!listed.some((folder) => isFolderOf(folder, "inbox"))) {
      throw new BackendUnavailable(
        "The mail server lists no INBOX; its folders are left as they were.",
      );
    }
    const missing = wanted.filter(([type]) => !listed.some((folder) => isFolderOf(folder, type)));
    let remote = listed;
    for (const [type, name] of missing) {
      const created = await this.#create(session, name, type);
      if (created) remote = [...remote.filter((folder) => folder.path !== created.path), created];
    }
    return remote;
  }

  async #create(session: MailSession, name: string, type: MailFolderType) {
    try {
      return { ...(await session.createFolder(name, type)), type };
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      this.#source.log.warn({ folder: name, err: error }, "The server would not make a folder.");
      return undefined;
    }
  }
}

/** Whether the server said that a folder is not there. */
export function isNoSuchFolder(error: unknown): boolean {
  return error instanceof BackendError && error.fault === "no such folder";
}

/** There is no such folder, or none that holds mail. */
export function noSuchFolder(collectionId: string): BackendError {
  return new BackendError("no such folder", `There is no folder ${collectionId}.`);
}

function isFolderOf(folder: RemoteFolder, type: MailFolderType): boolean {
  return folder.type === type && folder.selectable;
}
