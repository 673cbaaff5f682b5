/** LIST and STATUS: what a server says about its folders, in one command where it can (RFC 5819, RFC 6154). */
import { decodePath, encodePath } from "imapflow/lib/tools.js";
import { BackendError } from "../../backend.ts";
import type { Argument, ImapConnection, Parsed, Untagged } from "./connection.ts";
import { atom, entriesOf, isList, pairsOf, textOf } from "./tokens.ts";

/** What STATUS tells about a folder that can be opened. */
export interface FolderStatus {
  readonly uidValidity: string;
  readonly uidNext: number;
  /** MAILBOXID or X-GUID; "" where the server has neither. */
  readonly key: string;
}

/** One folder as LIST names it. */
export interface ListedFolder {
  /** Decoded to Unicode; INBOX in capitals. */
  readonly path: string;
  /** "" for a server without hierarchy. */
  readonly delimiter: string;
  /** Attributes in lower case. */
  readonly attributes: ReadonlySet<string>;
  /** Undefined for a folder that cannot be opened. */
  readonly status: FolderStatus | undefined;
}

/** Connections whose server refused X-GUID. */
const withoutGuid = new WeakSet<ImapConnection>();

/** Connections whose server refused the RETURN options that it offers. */
const withoutOptions = new WeakSet<ImapConnection>();

/** All folders that the server lists. Throws when the listing fails: that is never an empty mailbox. */
export async function listAll(connection: ImapConnection): Promise<readonly ListedFolder[]> {
  const found = await listInBestForm(connection);
  for (const prefix of hiddenPrefixes(connection)) {
    if (found.some(({ path }) => path.startsWith(prefix))) continue;
    found.push(...(await runList(connection, listPattern(connection, prefix), [[]])));
  }
  const listed: ListedFolder[] = [];
  for (const folder of unique(found)) {
    const isOpen = isOpenable(connection, folder);
    const status = isOpen
      ? (folder.status ?? (await statusOf(connection, folder.path)))
      : undefined;
    listed.push({ ...folder, status });
  }
  return listed;
}

interface Found extends ListedFolder {
  /** The name as it came. */
  readonly wire: string;
}

/** A server may refuse what it offers, and X-GUID is offered by none: a refused form gives way to a simpler one. */
async function listInBestForm(connection: ImapConnection): Promise<Found[]> {
  const best = await attempt(() => listEverything(connection));
  if (best !== undefined) return best;
  for (const doubtful of [withoutGuid, withoutOptions]) {
    if (doubtful.has(connection)) continue;
    doubtful.add(connection);
    const found = await attempt(() => listEverything(connection));
    if (found !== undefined) return found;
  }
  // Not even the plain form: the server refuses to list at all just now, and says why.
  withoutGuid.delete(connection);
  withoutOptions.delete(connection);
  return await listEverything(connection);
}

function listEverything(connection: ImapConnection): Promise<Found[]> {
  return runList(connection, "*", optionsOf(connection));
}

/** Undefined when the server refuses the command; a broken connection is thrown on. */
async function attempt<Result>(work: () => Promise<Result>): Promise<Result | undefined> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackendError) return undefined;
    throw error;
  }
}

function hasListStatus(connection: ImapConnection): boolean {
  return connection.has("LIST-STATUS") && !withoutOptions.has(connection);
}

/** Dovecot 2.3 has no OBJECTID but this status item; a server that tells no name is tried once. */
function asksForGuid(connection: ImapConnection): boolean {
  if (connection.has("OBJECTID") || withoutGuid.has(connection)) return false;
  const name = connection.client.serverInfo?.name;
  return typeof name !== "string" || /dovecot/i.test(name);
}

/**
 * The options of each LIST that it takes. Without LIST-EXTENDED there is no RETURN; a plain LIST may tell the
 * uses then (RFC 6154 section 2).
 */
function optionsOf(connection: ImapConnection): Argument[][] {
  if (withoutOptions.has(connection)) return [[]];
  const canReturn = connection.has("LIST-EXTENDED") || hasListStatus(connection);
  const uses = canReturn && connection.has("SPECIAL-USE") ? [atom("SPECIAL-USE")] : [];
  if (!hasListStatus(connection)) return [uses];
  const [first = [], ...more] = statusItems(connection).map((items) => [atom("STATUS"), items]);
  return [[...uses, ...first], ...more];
}

/** What STATUS is asked for, each list in a command of its own. */
function statusItems(connection: ImapConnection): Argument[][] {
  const items = [atom("UIDVALIDITY"), atom("UIDNEXT")];
  if (!connection.has("OBJECTID")) {
    return [asksForGuid(connection) ? [...items, atom("X-GUID")] : items];
  }
  const key = atom("MAILBOXID");
  return asksForKeyAlone(connection) ? [items, [key]] : [[...items, key]];
}

/** Cyrus 3.6 tells a MAILBOXID out of memory that it has freed where another item made it open the folder. */
function asksForKeyAlone(connection: ImapConnection): boolean {
  const name = connection.client.serverInfo?.name;
  return typeof name !== "string" || /cyrus/i.test(name);
}

/** Namespaces of others' folders that a wildcard at the top does not match (RFC 2342 section 5). */
function hiddenPrefixes(connection: ImapConnection): string[] {
  const { other, shared } = connection.client.namespaces ?? {};
  const all = [other, shared].flatMap((spaces) => (Array.isArray(spaces) ? spaces : []));
  return all.map(({ prefix }) => prefix).filter((prefix) => prefix.startsWith("#"));
}

function listPattern(connection: ImapConnection, prefix: string): string {
  return `${encodePath(connection.client, prefix)}*`;
}

async function runList(
  connection: ImapConnection,
  pattern: string,
  [options = [], ...more]: readonly (readonly Argument[])[],
): Promise<Found[]> {
  const found: Found[] = [];
  const told: ToldStatuses = new Map();
  const request = (returned: readonly Argument[]): Argument[] => [
    { type: "STRING", value: "" },
    { type: "STRING", value: pattern },
    ...(returned.length === 0 ? [] : [atom("RETURN"), returned]),
  ];
  const STATUS = (untagged: Untagged): void => readStatus(connection, untagged, told);
  await connection.exec("LIST", request(options), {
    LIST: (untagged) => {
      const folder = readFolder(connection, untagged);
      if (folder !== undefined) found.push(folder);
    },
    STATUS,
  });
  for (const further of more) await connection.exec("LIST", request(further), { STATUS });
  return found.map((folder) => ({ ...folder, status: wholeStatus(told.get(folder.path)) }));
}

/** `(attributes) delimiter name`; names come as atoms, strings or literals. */
function readFolder(connection: ImapConnection, { attributes = [] }: Untagged): Found | undefined {
  const wire = textOf(attributes[2]);
  if (wire === undefined || wire === "") return undefined;
  const flags = entriesOf(attributes[0]).map((flag) => textOf(flag)?.toLowerCase() ?? "");
  return {
    path: decoded(connection, wire),
    wire,
    delimiter: textOf(attributes[1]) ?? "",
    attributes: new Set(flags),
    status: undefined,
  };
}

/** A folder's name as it came on the wire, in Unicode; INBOX in capitals. */
export function decoded(connection: ImapConnection, wire: string): string {
  const path = decodePath(connection.client, wire);
  return path.toUpperCase() === "INBOX" ? "INBOX" : path;
}

/** Values of STATUS by path and name. */
type ToldStatuses = Map<string, ReadonlyMap<string, Parsed>>;

function readStatus(
  connection: ImapConnection,
  { attributes = [] }: Untagged,
  told: ToldStatuses,
): void {
  const wire = textOf(attributes[0]);
  if (wire === undefined) return;
  const path = decoded(connection, wire);
  told.set(path, new Map([...(told.get(path) ?? []), ...pairsOf(attributes[1])]));
}

function wholeStatus(values: ReadonlyMap<string, Parsed> = new Map()): FolderStatus | undefined {
  const uidValidity = textOf(values.get("UIDVALIDITY")) ?? "";
  const uidNext = Number(textOf(values.get("UIDNEXT")));
  if (uidValidity === "" || !Number.isSafeInteger(uidNext)) return undefined;
  const key = keyOf(values.get("MAILBOXID")) ?? keyOf(values.get("X-GUID")) ?? "";
  return { uidValidity, uidNext, key };
}

/** MAILBOXID is a list of one (RFC 8474 section 4.2), X-GUID an atom; no key has other characters (section 3). */
function keyOf(value: Parsed | undefined): string | undefined {
  const key = textOf(isList(value) ? value[0] : value) ?? "";
  return /^[\w-]{1,255}$/.test(key) ? key : undefined;
}

/** The same folder twice, as some servers list INBOX: the first counts. */
function unique(found: readonly Found[]): Found[] {
  return [
    ...new Map(found.toReversed().map((folder) => [folder.path, folder])).values(),
  ].toReversed();
}

/** A name that is no proper modified UTF-7 could not be sent back: such a folder is shown, but not opened. */
function isOpenable(connection: ImapConnection, { attributes, path, wire }: Found): boolean {
  if (attributes.has("\\noselect") || attributes.has("\\nonexistent")) return false;
  return path === "INBOX" || encodePath(connection.client, path) === wire;
}

/** Undefined when the server refuses to open the folder (ACL), or the folder went since LIST. */
async function statusOf(
  connection: ImapConnection,
  path: string,
): Promise<FolderStatus | undefined> {
  const answered = await attempt(() => runStatus(connection, path));
  if (answered !== undefined || !asksForGuid(connection)) return answered;
  // The refusal may be meant for X-GUID: only an answer without it tells.
  withoutGuid.add(connection);
  const plain = await attempt(() => runStatus(connection, path));
  if (plain === undefined) withoutGuid.delete(connection);
  return plain;
}

async function runStatus(
  connection: ImapConnection,
  path: string,
): Promise<FolderStatus | undefined> {
  const told: ToldStatuses = new Map();
  const STATUS = (untagged: Untagged): void => readStatus(connection, untagged, told);
  for (const items of statusItems(connection)) {
    await connection.exec("STATUS", [connection.pathArgument(path), items], { STATUS });
  }
  // The name in the answer may be spelt otherwise; there is only one.
  return wholeStatus(told.get(path) ?? [...told.values()][0]);
}
