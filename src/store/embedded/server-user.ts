/** The user that the embedded PostgreSQL runs as: it refuses to run as root. */
import { execFile } from "node:child_process";
import { constants } from "node:fs";
import { access, chmod, chown, readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { getuid } from "node:process";
import { promisify } from "node:util";
import type { Log } from "../../kit/log.ts";
import { EmbeddedDatabaseFault } from "../errors.ts";

/** An unprivileged user of this machine. */
export interface ServerUser {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
}

/** Users that databases run as, best first; the last is made when there is none of them. */
const candidates = ["postgres", "eastgate"];
const made = "eastgate";

async function users(): Promise<ServerUser[]> {
  const lines = (await readFile("/etc/passwd", "utf8")).split("\n");
  return lines.flatMap((line) => {
    const [name, , uid, gid] = line.split(":");
    return name && uid && gid ? [{ name, uid: Number(uid), gid: Number(gid) }] : [];
  });
}

async function makeUser(): Promise<ServerUser> {
  const options = [
    "--system",
    "--user-group",
    "--no-create-home",
    "--shell",
    "/usr/sbin/nologin",
    made,
  ];
  try {
    await promisify(execFile)("/usr/sbin/useradd", options);
  } catch (cause) {
    throw new EmbeddedDatabaseFault(
      `PostgreSQL does not run as root, and the user "${made}" could not be made for it: ` +
        `make one (useradd --system ${made}), start Eastgate as another user, or set DATABASE_URL.`,
      { cause },
    );
  }
  const user = (await users()).find(({ name }) => name === made);
  if (user === undefined)
    throw new EmbeddedDatabaseFault(`useradd made no user "${made}" in /etc/passwd.`);
  return user;
}

/**
 * Whom to run as: undefined (oneself) unless root. Root takes the owner of an existing data directory, else
 * `postgres`, else `eastgate`, which is made when missing. Throws `EmbeddedDatabaseFault`.
 */
export async function serverUser(directory: string): Promise<ServerUser | undefined> {
  if (getuid?.() !== 0) return undefined;
  const known = await users();
  const owner = await stat(directory).catch(() => undefined);
  const current = known.find(({ uid }) => uid !== 0 && uid === owner?.uid);
  if (current !== undefined) return current;
  const found = candidates.map((name) => known.find((user) => user.name === name));
  return found.find((user) => user !== undefined) ?? makeUser();
}

/** Whether this user may pass (folder) or run (file) something with this mode. */
function hasExecuteBit(
  entry: { uid: number; gid: number; mode: number },
  user: ServerUser,
): boolean {
  if (entry.uid === user.uid) return (entry.mode & 0o100) !== 0;
  if (entry.gid === user.gid) return (entry.mode & 0o010) !== 0;
  return (entry.mode & 0o001) !== 0;
}

function ancestors(path: string): string[] {
  const parent = dirname(path);
  return parent === path ? [] : [parent, ...ancestors(parent)];
}

/** Whether the user (undefined: oneself) can reach and run a file. */
export async function mayExecute(file: string, user: ServerUser | undefined): Promise<boolean> {
  if (user === undefined) {
    return access(file, constants.X_OK).then(
      () => true,
      () => false,
    );
  }
  const entries = await Promise.all(
    [file, ...ancestors(file)].map((path) => stat(path).catch(() => undefined)),
  );
  return entries.every((entry) => entry !== undefined && hasExecuteBit(entry, user));
}

/** Gives a folder to the user and lets the user pass, not list, the folders above it. */
export async function handOver(
  folder: string,
  user: ServerUser | undefined,
  log: Log,
): Promise<void> {
  if (user === undefined) return;
  await chown(folder, user.uid, user.gid);
  for (const parent of ancestors(folder)) {
    const entry = await stat(parent);
    if (hasExecuteBit(entry, user)) continue;
    log.warn(
      { folder: parent, user: user.name },
      "Let other users pass this folder, as the database's user must",
    );
    await chmod(parent, (entry.mode & 0o7777) | 0o001);
  }
}
