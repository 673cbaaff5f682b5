/** Renames and deletes folders, their subscriptions included; the paths that folders get. */
import { BackendError } from "../../backend.ts";
import type { ImapConnection, Untagged } from "./connection.ts";
import { decoded } from "./folder-listing.ts";
import { refusalOf, subscribe } from "./folders.ts";
import { textOf } from "./tokens.ts";

/** What stands for the server's delimiter in a name, which would make two folders of one. */
const insteadOfDelimiter = "-";

/** Where a folder of this name lies below a parent ("": at the top). Throws BackendError "not allowed". */
export async function childPath(
  connection: ImapConnection,
  parentPath: string,
  name: string,
): Promise<string> {
  const delimiter = await delimiterAt(connection, parentPath);
  const own = delimiter === "" ? name : name.replaceAll(delimiter, insteadOfDelimiter);
  if (parentPath === "") return connection.prefix + own;
  if (delimiter === "") throw new BackendError("not allowed", "The server has no subfolders.");
  return parentPath + delimiter + own;
}

/** The delimiter of the namespace that a path is in; "" where the server has no hierarchy. */
async function delimiterAt(connection: ImapConnection, path: string): Promise<string> {
  const { namespace, namespaces } = connection.client;
  const foreign = [namespaces?.other, namespaces?.shared].flatMap((spaces) => spaces || []);
  const space = foreign.find(({ prefix }) => prefix !== "" && path.startsWith(prefix)) ?? namespace;
  if (space !== undefined) return space.delimiter || "";
  let delimiter = "";
  // RFC 3501 6.3.8: an empty name asks for the delimiter alone.
  await connection.exec("LIST", [string(""), string("")], {
    LIST: ({ attributes = [] }) => void (delimiter = textOf(attributes[1]) ?? ""),
  });
  return delimiter;
}

/**
 * Renames a folder with all below it; subscriptions go along. Throws BackendError "no such folder", "exists",
 * "not allowed".
 */
export async function renameFolder(
  connection: ImapConnection,
  path: string,
  toPath: string,
): Promise<void> {
  const subscribed = await subscriptionsAt(connection, path);
  await leave(connection);
  await connection.exec("RENAME", [connection.pathArgument(path), connection.pathArgument(toPath)]);
  for (const old of subscribed) {
    await refusalOf(() => subscribe(connection, toPath + old.slice(path.length)));
    await refusalOf(() => unsubscribe(connection, old));
  }
}

/** Deletes a folder with all its items. Throws BackendError "no such folder", "not allowed". */
export async function deleteFolder(connection: ImapConnection, path: string): Promise<void> {
  await leave(connection);
  await connection.exec("DELETE", [connection.pathArgument(path)]);
  await refusalOf(() => unsubscribe(connection, path));
}

/** No folder that changes its name or goes may be open here; not every server has UNSELECT. */
async function leave(connection: ImapConnection): Promise<void> {
  await connection.unselect();
  if (connection.selectedPath !== undefined) await connection.select("INBOX");
}

/** The paths at and below a folder that the user is subscribed to; none on servers that tell none. */
async function subscriptionsAt(
  connection: ImapConnection,
  path: string,
): Promise<readonly string[]> {
  const delimiter = await delimiterAt(connection, path);
  const found = new Set<string>();
  const hear = ({ attributes = [] }: Untagged): void => {
    const wire = textOf(attributes[2]);
    if (wire !== undefined && wire !== "") found.add(decoded(connection, wire));
  };
  await refusalOf(() =>
    connection.exec("LSUB", [string(""), string("*")], { LSUB: hear, LIST: hear }),
  );
  const below = path + delimiter;
  return [...found].filter((each) => each === path || (delimiter !== "" && each.startsWith(below)));
}

function unsubscribe(connection: ImapConnection, path: string): Promise<unknown> {
  return connection.exec("UNSUBSCRIBE", [connection.pathArgument(path)]);
}

function string(value: string) {
  return { type: "STRING", value } as const;
}
