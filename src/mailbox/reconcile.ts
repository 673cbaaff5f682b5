/** Brings the known folders of an account in line with what its server lists. Pure. */
import type { MailFolderType, RemoteFolder } from "../backend.ts";
import type { CollectionRow } from "../store/collections.ts";
import { matchFolders, type FolderMatches, type Rename } from "./folder-match.ts";
import { shownName, uniqueName } from "./folder-name.ts";

/** What is to be written; `rows` is empty when nothing changed. */
export interface Reconciliation {
  /** New, changed and deleted (tombstone) rows. */
  readonly rows: readonly CollectionRow[];
  /** Whether a device would see a difference. */
  readonly visible: boolean;
  readonly revision: bigint;
  readonly nextSerial: number;
}

/** MS-ASCMD 2.2.3.186.3. */
export const folderTypes: Readonly<Record<MailFolderType, number>> = {
  inbox: 2,
  drafts: 3,
  trash: 4,
  sent: 5,
  outbox: 6,
  user: 12,
};

/** Specials in the order in which they get their serials, with the name of one that is not on the server. */
const specials = [
  ["inbox", "Inbox"],
  ["drafts", "Drafts"],
  ["sent", "Sent"],
  ["trash", "Trash"],
  ["outbox", "Outbox"],
] as const satisfies readonly (readonly [MailFolderType, string])[];

/** A folder on its way to a row: `remote` is undefined while the server has no such special folder. */
interface Draft {
  readonly remote: RemoteFolder | undefined;
  readonly type: MailFolderType;
  readonly name: string;
  readonly before: CollectionRow | undefined;
}

/** Compares the known folders and tombstones with the server's; `renames` may be under way. */
export function reconcile(
  stored: readonly CollectionRow[],
  remote: readonly RemoteFolder[],
  position: { readonly revision: bigint; readonly nextSerial: number },
  renames: readonly Rename[] = [],
): Reconciliation {
  const drafts = draftsOf(stored, remote, matchFolders(stored, remote, renames));
  const { numbered, nextSerial } = withSerials(drafts, position.nextSerial);
  const revision = position.revision + 1n;
  const now = rowsOf(numbered, revision);
  const changed = now.filter((row) => differs(row, numbered.get(row.serial)?.before));
  const kept = new Set(now.map((row) => row.serial));
  const gone = stored.filter((row) => !row.deleted && !kept.has(row.serial));
  const rows = [...changed, ...gone.map((row) => ({ ...row, deleted: true, revision }))];
  const visible = rows.some((row) => row.revision === revision);
  return { rows, visible, revision: visible ? revision : position.revision, nextSerial };
}

function draftsOf(
  stored: readonly CollectionRow[],
  remote: readonly RemoteFolder[],
  matches: FolderMatches,
): Draft[] {
  const chosen = new Map(specials.map(([type]) => [type, choose(type, remote, matches)]));
  const taken = new Set(chosen.values());
  const special = specials.map(([type, name]): Draft => {
    const folder = chosen.get(type);
    const before = folder && matches.get(folder);
    return {
      remote: folder,
      type,
      name: folder === undefined || type === "inbox" ? name : shownName(folder.displayName),
      before: before ?? virtualRow(stored, type),
    };
  });
  const others = remote.filter((folder) => !taken.has(folder)).toSorted(byPath);
  return [...special, ...others.map((folder) => userDraft(folder, matches.get(folder)))];
}

function userDraft(remote: RemoteFolder, before: CollectionRow | undefined): Draft {
  return { remote, type: "user", name: shownName(remote.displayName), before };
}

/**
 * The one folder of a special type (never for the Outbox, which is on devices alone): the one that was it
 * already, else the one nearest to the top, so that no shared mailbox's Sent comes before one's own.
 */
function choose(
  type: MailFolderType,
  remote: readonly RemoteFolder[],
  matches: FolderMatches,
): RemoteFolder | undefined {
  const candidates = remote
    .filter((folder) => folder.type === type && type !== "outbox" && folder.selectable)
    .toSorted(
      (one, other) => one.parentPath.length - other.parentPath.length || byPath(one, other),
    );
  const was = candidates.find((folder) => matches.get(folder)?.type === folderTypes[type]);
  return was ?? candidates[0];
}

/** The row of a special folder that the server did not have so far: a folder that appears takes it over. */
function virtualRow(
  stored: readonly CollectionRow[],
  type: MailFolderType,
): CollectionRow | undefined {
  return stored.find((row) => !row.deleted && row.path === "" && row.type === folderTypes[type]);
}

function withSerials(drafts: readonly Draft[], firstSerial: number) {
  let nextSerial = firstSerial;
  const numbered = new Map<number, Draft>();
  for (const draft of drafts) numbered.set(draft.before?.serial ?? nextSerial++, draft);
  return { numbered, nextSerial };
}

function rowsOf(numbered: ReadonlyMap<number, Draft>, revision: bigint): CollectionRow[] {
  const serials = new Map<string, number>();
  for (const [serial, { remote }] of numbered) if (remote) serials.set(remote.path, serial);
  const names = new Map<number, Set<string>>();
  const bySerial = [...numbered].toSorted(([one], [other]) => one - other);
  return bySerial.map(([serial, draft]) => {
    const parentSerial = parentOf(draft, serials);
    const taken = names.get(parentSerial) ?? new Set();
    const displayName = uniqueName(draft.name, taken);
    names.set(parentSerial, taken.add(displayName));
    return rowOf({ serial, parentSerial, displayName, revision }, draft);
  });
}

/** Specials stand at the top, as Exchange has them, also where the server keeps them below INBOX. */
function parentOf(draft: Draft, serials: ReadonlyMap<string, number>): number {
  if (draft.type !== "user" || draft.remote === undefined) return 0;
  return serials.get(draft.remote.parentPath) ?? 0;
}

type Shown = Pick<CollectionRow, "serial" | "parentSerial" | "displayName" | "revision">;

function rowOf(shown: Shown, draft: Draft): CollectionRow {
  const row = {
    ...shown,
    type: folderTypes[draft.type],
    class: "Email",
    ...serverSide(draft.remote),
  };
  const { before } = draft;
  const unseen = before !== undefined && !differsVisibly(row, before);
  return unseen ? { ...row, revision: before.revision } : row;
}

function serverSide(remote: RemoteFolder | undefined) {
  return {
    path: remote?.path ?? "",
    selectable: remote?.selectable ?? false,
    epoch: remote?.epoch ?? "",
    remoteKey: remote?.remoteKey ?? "",
    nextUid: remote?.next ?? 0,
    deleted: false,
  };
}

function differsVisibly(row: CollectionRow, before: CollectionRow): boolean {
  return (["displayName", "parentSerial", "type", "class", "deleted"] as const).some(
    (property) => row[property] !== before[property],
  );
}

/** Whether a row is to be written: UIDNEXT alone is not, the old one stays a true lower bound. */
function differs(row: CollectionRow, before: CollectionRow | undefined): boolean {
  if (before === undefined || row.revision !== before.revision) return true;
  return (["path", "selectable", "epoch", "remoteKey"] as const).some(
    (property) => row[property] !== before[property],
  );
}

function byPath(one: RemoteFolder, other: RemoteFolder): number {
  return one.path < other.path ? -1 : Number(one.path > other.path);
}
