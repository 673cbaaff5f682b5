/**
 * Which folder of the server is which folder that devices know (architecture.md, Identities). Pure.
 * A wrong match would show one folder's mails in another; where it is open, the folder is a new one.
 */
import type { RemoteFolder } from "../backend.ts";
import type { CollectionRow } from "../store/collections.ts";

/** The known folder of each folder of the server that has one. */
export type FolderMatches = ReadonlyMap<RemoteFolder, CollectionRow>;

/** A rename that a device asked for: it was written down before the server was told. */
export interface Rename {
  readonly from: string;
  readonly to: string;
}

type Same = (row: CollectionRow, folder: RemoteFolder) => boolean;

/**
 * Pairs what is known with what the server lists: each at most once, the surest way first. A tombstone
 * comes back only by its key: a folder that was out of sight for a while.
 */
export function matchFolders(
  stored: readonly CollectionRow[],
  remote: readonly RemoteFolder[],
  renames: readonly Rename[] = [],
): FolderMatches {
  const known = stored.filter((row) => row.path !== "" && !row.deleted);
  const matching = new Matching(known, remote);
  const newScheme = hasNewKeys(known, remote);
  matching.pair((row, folder) => sameKey(row, folder) && row.path === folder.path);
  matching.pair(sameKey);
  for (const rename of renames) matching.pair(renamedHere(remote, rename));
  matching.pair((row, folder) => samePlace(row, folder, newScheme));
  matching.pair((row, folder) => row.type === inboxType && folder.type === "inbox");
  matching.pairUnique(renamedWithoutKey);
  matching.pairUnique((row, folder) => renamedWithoutKey(row, folder) && sameName(row, folder));
  matching.consider(stored.filter((row) => row.deleted).toReversed());
  matching.pair(sameKey);
  return matching.found;
}

const inboxType = 2;

class Matching {
  readonly found = new Map<RemoteFolder, CollectionRow>();
  #rows: CollectionRow[];
  #folders: RemoteFolder[];

  constructor(rows: readonly CollectionRow[], folders: readonly RemoteFolder[]) {
    this.#rows = [...rows];
    this.#folders = [...folders];
  }

  consider(rows: readonly CollectionRow[]): void {
    this.#rows = [...rows];
  }

  /** Pairs each folder with the first row that is the same. */
  pair(same: Same): void {
    const folders = this.#folders;
    for (const folder of folders) {
      const row = this.#rows.find((candidate) => same(candidate, folder));
      if (row !== undefined) this.#take(row, folder);
    }
  }

  /** Pairs only where neither side has a second candidate. */
  pairUnique(same: Same): void {
    const pairs = this.#folders.flatMap((folder) => {
      const rows = this.#rows.filter((row) => same(row, folder));
      const [row] = rows;
      if (row === undefined || rows.length > 1) return [];
      const rivals = this.#folders.filter((other) => same(row, other));
      return rivals.length === 1 ? [{ row, folder }] : [];
    });
    for (const { row, folder } of pairs) this.#take(row, folder);
  }

  #take(row: CollectionRow, folder: RemoteFolder): void {
    this.found.set(folder, row);
    this.#rows = this.#rows.filter((other) => other !== row);
    this.#folders = this.#folders.filter((other) => other !== folder);
  }
}

function sameKey(row: CollectionRow, folder: RemoteFolder): boolean {
  return row.remoteKey !== "" && row.remoteKey === folder.remoteKey;
}

/**
 * A folder that we renamed, or one below it, where keys say nothing. That the server lists the new name shows
 * that the rename was done; with another folder under the old name only the same UIDVALIDITY is the same.
 */
function renamedHere(remote: readonly RemoteFolder[], rename: Rename): Same {
  const paths = new Set(remote.map(({ path }) => path));
  const before = pathsBefore(remote, rename);
  return (row, folder) =>
    before.get(folder) === row.path &&
    (row.remoteKey === "" || folder.remoteKey === "") &&
    (row.epoch === folder.epoch || !paths.has(row.path));
}

/** What the renamed folder and those below it were called before. */
function pathsBefore(
  remote: readonly RemoteFolder[],
  { from, to }: Rename,
): ReadonlyMap<RemoteFolder, string> {
  const byPath = new Map(remote.map((folder) => [folder.path, folder]));
  const isWithin = (folder: RemoteFolder | undefined): boolean =>
    folder !== undefined && (folder.path === to || isWithin(byPath.get(folder.parentPath)));
  const within = remote.filter(isWithin);
  return new Map(within.map((folder) => [folder, from + folder.path.slice(to.length)]));
}

/** The same path, where keys say nothing: NOSELECT, a server without keys, or one with new keys. */
function samePlace(row: CollectionRow, folder: RemoteFolder, newScheme: boolean): boolean {
  if (row.path !== folder.path) return false;
  if (row.remoteKey !== "" && folder.remoteKey !== "")
    return newScheme && row.epoch === folder.epoch;
  return row.epoch === folder.epoch || row.epoch === "" || folder.epoch === "";
}

/** No key survived although there were some: the server tells another kind of key since. */
function hasNewKeys(stored: readonly CollectionRow[], remote: readonly RemoteFolder[]): boolean {
  const keys = new Set(remote.map((folder) => folder.remoteKey));
  return !stored.some((row) => row.remoteKey !== "" && keys.has(row.remoteKey));
}

/** Vanished here, appeared there, with the same UIDVALIDITY and a UIDNEXT not lower. */
function renamedWithoutKey(row: CollectionRow, folder: RemoteFolder): boolean {
  if (row.remoteKey !== "" || folder.remoteKey !== "" || row.epoch === "") return false;
  return row.epoch === folder.epoch && folder.next >= row.nextUid && row.type !== inboxType;
}

function sameName(row: CollectionRow, folder: RemoteFolder): boolean {
  return row.path.endsWith(folder.displayName);
}
