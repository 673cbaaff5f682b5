/** Folders as devices make, rename, move and delete them (MS-ASCMD 2.2.1.3, 2.2.1.4, 2.2.1.6). */
import { BackendError, type MailSession, type RemoteFolder } from "../backend.ts";
import type { Clock } from "../kit/clock.ts";
import type { CollectionRow } from "../store/collections.ts";
import type { Database } from "../store/sql.ts";
import { FolderIntents, type FolderClaim } from "./folder-intents.ts";
import { givenName } from "./folder-name.ts";
import { isNoSuchFolder, type Folders } from "./folders.ts";
import { folderVersion } from "./hierarchy-feed.ts";
import { folderTypes } from "./reconcile.ts";
import { serialOf } from "./references.ts";

/** Why a folder stays as it is. */
export type FolderFault =
  | "bad name"
  | "exists"
  | "special"
  | "not found"
  | "special parent"
  | "parent not found"
  | "inside itself"
  /** The mail server will not, whatever is asked again. */
  | "not allowed"
  | "failed";

/** A folder cannot be changed as a device wants it. */
export class FolderRefused extends Error {
  override name = "FolderRefused";
  readonly fault: FolderFault;
  constructor(fault: FolderFault, options?: ErrorOptions) {
    super(`the folder is not changed: ${fault}`, options);
    this.fault = fault;
  }
}

/** Where a device wants a folder, and under which name. */
export interface FolderPlace {
  /** CollectionId of the parent, "0" at the top. */
  readonly parentId: string;
  readonly displayName: string;
}

/** A folder after its change. */
export interface ChangedFolder {
  readonly serial: number;
  /** Version of what the device asked for: where the server has it otherwise, the device is to be told. */
  readonly version: number;
}

/** What folder changes need of the account and the gateway. */
export interface ChangesSource {
  readonly database: Database;
  readonly clock: Clock;
  readonly accountId: string;
  readonly folders: Folders;
  session(): Promise<MailSession>;
}

/** The place of a parent; the top has serial 0 and no path. */
type Parent = Pick<CollectionRow, "serial" | "path">;

const top: Parent = { serial: 0, path: "" };

/** Changes the folders of one account; each change is in the store when its method returns. */
export class FolderChanges {
  readonly #source: ChangesSource;
  readonly #intents: FolderIntents;

  constructor(source: ChangesSource) {
    this.#source = source;
    this.#intents = new FolderIntents(source, source.accountId);
  }

  /** Makes a folder of mails, once per claim. Throws FolderRefused. */
  async create(
    place: FolderPlace & { readonly type: number },
    claim: FolderClaim,
  ): Promise<ChangedFolder> {
    const name = nameOf(place);
    const { folders } = this.#source;
    await folders.refresh();
    const rows = await folders.all();
    const parent = parentIn(rows, place.parentId);
    const session = await this.#source.session();
    const target = {
      path: await refusing("parent not found", session.childPath(parent.path, name)),
    };
    if (!(await this.#intents.hasBegunCreation(claim, target))) {
      refuseTaken(rows, { parent, name, path: target.path });
      await this.#intents.beginCreation(claim, target);
    }
    const made = await refusing("parent not found", session.createFolder(target.path, "user"));
    await folders.refresh();
    const row = (await folders.all()).find(({ path }) => path === made.path);
    if (row === undefined) throw new FolderRefused("failed");
    const { displayName, type } = place;
    const version = folderVersion({ displayName, type, parentSerial: parent.serial });
    return { serial: row.serial, version };
  }

  /** Renames and moves a folder; it and those below it keep their ids. Throws FolderRefused. */
  async update(
    collectionId: string,
    place: FolderPlace,
    claim: FolderClaim,
  ): Promise<ChangedFolder> {
    const name = nameOf(place);
    await this.#source.folders.refresh();
    const rows = await this.#source.folders.all();
    const row = changeable(rows, collectionId);
    const parent = parentIn(rows, place.parentId);
    if (isWithin(rows, parent.serial, row.serial)) throw new FolderRefused("inside itself");
    const isThere = row.parentSerial === parent.serial && row.displayName === name;
    if (!isThere) await this.#rename(rows, row, { parent, name, claim });
    const { displayName } = place;
    const { serial, type } = row;
    return { serial, version: folderVersion({ displayName, type, parentSerial: parent.serial }) };
  }

  /** Deletes a folder with all its items and all below it; deepest first, so that a repeat goes on. */
  async remove(collectionId: string): Promise<void> {
    const { folders } = this.#source;
    const listed = await folders.refresh();
    const rows = await folders.all();
    const row = changeable(rows, collectionId);
    await this.#removeAll(rows, [...pathsBelow(listed, row.path), row.path]);
  }

  /** Deletes all that lies below a folder. */
  async removeBelow(collectionId: string): Promise<void> {
    const { folders } = this.#source;
    const listed = await folders.refresh();
    const rows = await folders.all();
    const row = rowOf(rows, collectionId);
    if (row === undefined) throw new FolderRefused("not found");
    if (row.path !== "") await this.#removeAll(rows, pathsBelow(listed, row.path));
  }

  async #rename(
    rows: readonly CollectionRow[],
    row: CollectionRow,
    to: { readonly parent: Parent; readonly name: string; readonly claim: FolderClaim },
  ): Promise<void> {
    const { folders } = this.#source;
    const session = await this.#source.session();
    const path = await refusing("parent not found", session.childPath(to.parent.path, to.name));
    if (path === row.path) return;
    const others = rows.filter(({ serial }) => serial !== row.serial);
    refuseTaken(others, { ...to, path });
    const rename = { from: row.path, to: path };
    const change = (): Promise<void> => session.renameFolder(row.path, path);
    const keep = (): Promise<unknown> => folders.refresh();
    await refusing("not found", this.#intents.rename(to.claim, rename, { change, keep }));
  }

  /** A special folder is never deleted, not even with the one that it lies in. */
  async #removeAll(rows: readonly CollectionRow[], paths: readonly string[]): Promise<void> {
    const going = new Set(paths);
    const isSpecial = ({ path, type }: CollectionRow): boolean =>
      type !== folderTypes.user && going.has(path);
    if (rows.some(isSpecial)) throw new FolderRefused("special");
    const session = await this.#source.session();
    try {
      for (const path of paths) await removeFolder(session, path);
    } finally {
      await this.#source.folders.refresh();
    }
    const left = await this.#source.folders.all();
    if (left.some(({ path }) => going.has(path))) throw new FolderRefused("failed");
  }
}

async function removeFolder(session: MailSession, path: string): Promise<void> {
  try {
    await refusing("failed", session.deleteFolder(path));
  } catch (error) {
    const isGone = error instanceof FolderRefused && isNoSuchFolder(error.cause);
    if (!isGone) throw error;
  }
}

/** Paths of all folders below one, deepest first. */
function pathsBelow(listed: readonly RemoteFolder[], path: string): readonly string[] {
  const below = listed.filter(({ parentPath }) => parentPath === path);
  return below.flatMap((folder) => [...pathsBelow(listed, folder.path), folder.path]);
}

function nameOf({ displayName }: FolderPlace): string {
  const name = givenName(displayName);
  if (name === undefined) throw new FolderRefused("bad name");
  return name;
}

function rowOf(rows: readonly CollectionRow[], collectionId: string): CollectionRow | undefined {
  const serial = serialOf(collectionId);
  return rows.find((row) => row.serial === serial);
}

function changeable(rows: readonly CollectionRow[], collectionId: string): CollectionRow {
  const row = rowOf(rows, collectionId);
  if (row === undefined) throw new FolderRefused("not found");
  if (row.type !== folderTypes.user) throw new FolderRefused("special");
  return row;
}

/** The Outbox and special folders that the server does not have are on devices alone. */
function parentIn(rows: readonly CollectionRow[], parentId: string): Parent {
  if (parentId === "0") return top;
  const row = rowOf(rows, parentId);
  if (row === undefined) throw new FolderRefused("parent not found");
  if (row.path === "") throw new FolderRefused("special parent");
  return row;
}

function isWithin(rows: readonly CollectionRow[], serial: number, of: number): boolean {
  if (serial === of) return true;
  const row = rows.find((each) => each.serial === serial);
  return row !== undefined && isWithin(rows, row.parentSerial, of);
}

/** A name that another folder has, on devices or on the server, where INBOX has no case of its own. */
function refuseTaken(
  rows: readonly CollectionRow[],
  wanted: { readonly parent: Parent; readonly name: string; readonly path: string },
): void {
  const { parent, name, path } = wanted;
  const isTaken = rows.some(
    (row) => row.path === path || (row.parentSerial === parent.serial && row.displayName === name),
  );
  if (isTaken || path.toUpperCase() === "INBOX") throw new FolderRefused("exists");
}

/** What the server refuses, in the words of folder changes. */
async function refusing<Result>(missing: FolderFault, work: Promise<Result>): Promise<Result> {
  try {
    return await work;
  } catch (cause) {
    if (!(cause instanceof BackendError)) throw cause;
    throw new FolderRefused(faultOf(cause, missing), { cause });
  }
}

function faultOf({ fault }: BackendError, missing: FolderFault): FolderFault {
  if (fault === "no such folder") return missing;
  if (fault === "exists" || fault === "failed") return fault;
  return "not allowed";
}
