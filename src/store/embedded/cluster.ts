/** The data directory of the embedded PostgreSQL: folders, password, `initdb`. */
import { spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { chmod, chown, mkdir, readFile, realpath, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { Log } from "../../kit/log.ts";
import { EmbeddedDatabaseFault } from "../errors.ts";
import { type Binaries, findBinaries } from "./binaries.ts";
import { explain } from "./explain.ts";
import { handOver, serverUser, type ServerUser } from "./server-user.ts";

/** Name of the database, and of its one user. */
export const databaseName = "eastgate";

// sun_path has 108 bytes on Linux, the last of them for the end.
const maxSocketPathBytes = 107;

/** Everything that is known of a data directory before its server runs. */
export interface Cluster {
  readonly binaries: Binaries;
  readonly user: ServerUser | undefined;
  /** PGDATA. */
  readonly data: string;
  /** Folder of the socket; only its owner may enter. */
  readonly run: string;
  /** False: the path is too long for a socket, a loopback port with a password serves instead. */
  readonly hasSocket: boolean;
  readonly password: string;
  /** What the server itself writes. */
  readonly serverLog: string;
}

/** Settings of a child process's environment: nothing of ours, messages in English. */
export const serverEnvironment = { LC_ALL: "C", TZ: "UTC", PATH: "/usr/bin:/bin" };

async function readPassword(file: string, user: ServerUser | undefined): Promise<string> {
  const existing = await readFile(file, "utf8").catch(() => undefined);
  if (existing !== undefined) return existing.trim();
  const password = randomBytes(24).toString("base64url");
  await writeFile(file, `${password}\n`, { mode: 0o600 });
  if (user !== undefined) await chown(file, user.uid, user.gid);
  return password;
}

async function prepareFolders(directory: string, log: Log): Promise<ServerUser | undefined> {
  const user = await serverUser(directory);
  const run = join(directory, "run");
  try {
    await mkdir(run, { recursive: true });
    for (const folder of [directory, run]) {
      await chmod(folder, 0o700);
      await handOver(folder, user, log);
    }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new EmbeddedDatabaseFault(
      explain(reason, directory) ?? `${directory} cannot be used: ${reason}`,
      {
        cause,
      },
    );
  }
  return user;
}

/** Runs initdb beside the final place, so that one that was interrupted leaves nothing half made. */
async function initialise(cluster: Cluster, passwordFile: string): Promise<void> {
  const unfinished = `${cluster.data}.new`;
  await rm(unfinished, { recursive: true, force: true });
  const options = [
    `--pgdata=${unfinished}`,
    `--username=${databaseName}`,
    `--pwfile=${passwordFile}`,
    "--auth-local=trust",
    "--auth-host=scram-sha-256",
    "--encoding=UTF8",
    "--locale=C",
    "--locale-provider=builtin",
    "--builtin-locale=C.UTF-8",
    "--no-instructions",
  ];
  const { user, binaries } = cluster;
  const child = spawn(binaries.initdb, options, {
    cwd: "/",
    env: serverEnvironment,
    stdio: ["ignore", "ignore", "pipe"],
    ...(user && { uid: user.uid, gid: user.gid }),
  });
  const ended = new Promise<number | null>((resolved, reject) => {
    child.once("error", reject).once("close", resolved);
  });
  const [messages, code] = await Promise.all([text(child.stderr), ended]).catch(
    (cause: unknown) => {
      throw new EmbeddedDatabaseFault(`${binaries.initdb} cannot be run: ${String(cause)}`, {
        cause,
      });
    },
  );
  if (code !== 0) {
    const sentence = explain(messages, cluster.data);
    throw new EmbeddedDatabaseFault(
      sentence ?? `initdb failed in ${cluster.data}: ${messages.trim()}`,
    );
  }
  await rename(unfinished, cluster.data);
}

/**
 * Makes the data directory below `directory` ready, with `initdb` the first time.
 * Throws `EmbeddedDatabaseFault` when it cannot be used or was made by another major version.
 */
export async function prepareCluster(directory: string, log: Log): Promise<Cluster> {
  const user = await prepareFolders(resolve(directory), log);
  // A server is known by this path, whatever links lead to it.
  const root = await realpath(directory);
  const run = join(root, "run");
  const passwordFile = join(root, "password");
  const cluster: Cluster = {
    binaries: await findBinaries(root, user),
    user,
    data: join(root, "cluster"),
    run,
    hasSocket: Buffer.byteLength(join(run, ".s.PGSQL.5432")) <= maxSocketPathBytes,
    password: await readPassword(passwordFile, user),
    serverLog: join(root, "postgres.log"),
  };
  const version = await readFile(join(cluster.data, "PG_VERSION"), "utf8").catch(() => undefined);
  if (version === undefined) {
    log.info({ folder: cluster.data }, "Makes the embedded database");
    await initialise(cluster, passwordFile);
  } else {
    checkVersion(cluster, version.trim());
  }
  return cluster;
}

function checkVersion(cluster: Cluster, version: string): void {
  const { majorVersion } = cluster.binaries;
  if (version === majorVersion) return;
  throw new EmbeddedDatabaseFault(
    `${cluster.data} was made by PostgreSQL ${version}, this version of Eastgate brings PostgreSQL ${majorVersion}: ` +
      `with the version of Eastgate that made it write a backup ("eastgate backup FILE"), then move that folder away ` +
      `and read the backup with this version ("eastgate restore FILE"). A PostgreSQL server of your own ` +
      `(DATABASE_URL) takes the backup too.`,
  );
}
