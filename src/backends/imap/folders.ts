/** The folders of a mailbox: listed with their identities, and created. */
import { BackendError, type MailFolderType, type RemoteFolder } from "../../backend.ts";
import type { Argument, ImapConnection } from "./connection.ts";
import { listAll, type ListedFolder } from "./folder-listing.ts";
import { folderTypes, useOfType } from "./folder-types.ts";
import { atom } from "./tokens.ts";

/** All folders; those that only hold others included. Throws when the server does not tell them. */
export async function listFolders(connection: ImapConnection): Promise<readonly RemoteFolder[]> {
  const listed = await listAll(connection);
  const types = folderTypes(listed);
  const folders = listed.map((folder) => toRemote(folder, types.get(folder.path) ?? "user"));
  return [...missingParents(listed), ...folders];
}

function toRemote(folder: ListedFolder, type: MailFolderType): RemoteFolder {
  const { path, delimiter, status } = folder;
  return {
    ...place(path, delimiter),
    type,
    remoteKey: status?.key ?? "",
    epoch: status?.uidValidity ?? "",
    next: status?.uidNext ?? 0,
    selectable: status !== undefined,
  };
}

function place(
  path: string,
  delimiter: string,
): Pick<RemoteFolder, "path" | "parentPath" | "displayName"> {
  const cut = delimiter === "" ? -1 : path.lastIndexOf(delimiter);
  if (cut <= 0) return { path, parentPath: "", displayName: path };
  const parentPath = spelt(path.slice(0, cut));
  return { path, parentPath, displayName: path.slice(cut + delimiter.length) };
}

/** INBOX has no case of its own (RFC 3501 5.1). */
function spelt(path: string): string {
  return path.toUpperCase() === "INBOX" ? "INBOX" : path;
}

/** Folders that LIST leaves out though it lists others below them. */
function missingParents(listed: readonly ListedFolder[]): RemoteFolder[] {
  const known = new Set(listed.map(({ path }) => path));
  const missing: RemoteFolder[] = [];
  for (const { path, delimiter } of listed) {
    let { parentPath } = place(path, delimiter);
    while (parentPath !== "" && !known.has(parentPath)) {
      known.add(parentPath);
      const parent = { path: parentPath, delimiter, attributes: none, status: undefined };
      missing.push(toRemote(parent, "user"));
      parentPath = place(parentPath, delimiter).parentPath;
    }
  }
  return missing;
}

const none: ReadonlySet<string> = new Set();

/**
 * Creates a folder of a type and subscribes to it; one that exists is returned as it is. Throws `BackendError`
 * when the server refuses it.
 */
export async function createFolder(
  connection: ImapConnection,
  path: string,
  type: MailFolderType,
): Promise<RemoteFolder> {
  const name = path.startsWith(connection.prefix) ? path : connection.prefix + path;
  const refusal = await refusalOf(() => create(connection, name, type));
  // Other programs and people with an eye on subscriptions shall see it; a server without them refuses.
  if (refusal === undefined) await refusalOf(() => subscribe(connection, name));
  const folder = (await listFolders(connection)).find((each) => each.path === spelt(name));
  if (folder?.selectable === true) return folder;
  throw (
    refusal ?? new BackendError("failed", "the server does not list the folder that it created")
  );
}

/** What the server says against it; undefined when it does it. */
export async function refusalOf(work: () => Promise<unknown>): Promise<BackendError | undefined> {
  try {
    await work();
    return undefined;
  } catch (error) {
    if (error instanceof BackendError) return error;
    throw error;
  }
}

async function create(
  connection: ImapConnection,
  path: string,
  type: MailFolderType,
): Promise<void> {
  const use = useOfType(type);
  const name = connection.pathArgument(path);
  if (use !== undefined && connection.has("CREATE-SPECIAL-USE")) {
    // RFC 6154 section 3; a server refuses a use that another folder has (USEATTR).
    const uses: Argument[] = [atom("USE"), [atom(use)]];
    if ((await refusalOf(() => connection.exec("CREATE", [name, uses]))) === undefined) return;
  }
  await connection.exec("CREATE", [name]);
}

/** Subscribes to a folder. */
export function subscribe(connection: ImapConnection, path: string): Promise<unknown> {
  return connection.exec("SUBSCRIBE", [connection.pathArgument(path)]);
}
