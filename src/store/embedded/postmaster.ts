/** One run of the embedded PostgreSQL server: found, started, watched, stopped. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { open, readFile, rename, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { kill } from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { Client } from "pg";
import { EmbeddedDatabaseFault } from "../errors.ts";
import { type Cluster, databaseName, serverEnvironment } from "./cluster.ts";
import { explain, fatalLine } from "./explain.ts";
import * as limits from "./limits.ts";

/** A server that runs, and the connection by which we notice its end. */
export interface Postmaster {
  readonly pid: number;
  readonly port: number;
  /** Connected to the maintenance database. */
  readonly keeper: Client;
  /** True when another process, or an earlier life of this one, started it. */
  readonly adopted: boolean;
}

// The socket's name holds a port as well, used by no one else as the folder is ours.
const socketPort = 5432;

// Another server holds the directory, or the last one's processes are still ending: both pass.
const passing = /lock file ".*" already exists|pre-existing shared memory block/;

/** How to connect to a database of the cluster. */
export function clusterUrl(cluster: Cluster, port: number, database: string): string {
  const name = encodeURIComponent(database);
  if (cluster.hasSocket) {
    return `postgresql://${databaseName}@/${name}?host=${encodeURIComponent(cluster.run)}&port=${socketPort}`;
  }
  return `postgresql://${databaseName}:${encodeURIComponent(cluster.password)}@127.0.0.1:${port}/${name}`;
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === "string")
    throw new EmbeddedDatabaseFault("No free port was found.");
  return address.port;
}

function pidFile(cluster: Cluster): string {
  return join(cluster.data, "postmaster.pid");
}

/** Process and port that the server of a data directory wrote down; undefined when none runs. */
async function readPidFile(cluster: Cluster): Promise<{ pid: number; port: number } | undefined> {
  const lines = await readFile(pidFile(cluster), "utf8").then(
    (content) => content.split("\n"),
    () => [],
  );
  const pid = Number(lines[0]);
  return pid > 0 ? { pid, port: Number(lines[3]) || socketPort } : undefined;
}

/** Whether a process lives, and is the server of this data directory. */
async function lookAt(pid: number, cluster: Cluster): Promise<"ours" | "another" | "gone"> {
  try {
    kill(pid, 0);
  } catch (error) {
    // EPERM: it lives as another user, so it is not ours.
    return error instanceof Error && "code" in error && error.code === "EPERM" ? "another" : "gone";
  }
  // Readable without any privilege, unlike the process's folder; empty for what ended and was not waited for.
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  if (line === "") return "gone";
  return line.split("\0").includes(cluster.data) ? "ours" : "another";
}

async function findServer(cluster: Cluster): Promise<{
  readonly found: { readonly pid: number; readonly port: number } | undefined;
  readonly state: "ours" | "another" | "gone";
}> {
  const found = await readPidFile(cluster);
  return { found, state: found === undefined ? "gone" : await lookAt(found.pid, cluster) };
}

async function connect(cluster: Cluster, port: number): Promise<Client | undefined> {
  const client = new Client({
    connectionString: clusterUrl(cluster, port, "postgres"),
    application_name: "eastgate keeper",
    keepAlive: true,
    connectionTimeoutMillis: limits.connectTimeoutMs,
  });
  // The end of the connection is told by "end"; before it is connected, by its promise.
  client.on("error", () => {});
  return client.connect().then(
    () => client,
    () => undefined,
  );
}

function serverOptions(
  cluster: Cluster,
  port: number,
  settings: Readonly<Record<string, string>>,
): string[] {
  const all = {
    // Relative to the data directory: neither the path's length nor its signs matter.
    unix_socket_directories: cluster.hasSocket ? "../run" : "",
    unix_socket_permissions: "0700",
    listen_addresses: cluster.hasSocket ? "" : "127.0.0.1",
    ...limits.serverSettings,
    ...settings,
  };
  const options = Object.entries(all).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return ["-D", cluster.data, "-p", String(port), ...options];
}

/**
 * Starts a server in a session of its own, so that Ctrl-C in a terminal reaches us and not it, with a shell that
 * stops it when this process is no more.
 */
async function launch(cluster: Cluster, options: readonly string[]): Promise<ChildProcess> {
  await rename(cluster.serverLog, `${cluster.serverLog}.old`).catch(ignoreMissing);
  await using file = await open(cluster.serverLog, "w", 0o600);
  const child = spawn(cluster.binaries.postgres, options, {
    ...detached(cluster),
    stdio: ["ignore", file.fd, file.fd],
  });
  // A program that cannot be run has no pid: `hasEnded` tells.
  child.once("error", () => {});
  child.unref();
  if (child.pid !== undefined) {
    const watch = watchOver(child.pid, cluster);
    child.once("exit", () => watch[Symbol.dispose]());
  }
  return child;
}

/** The first start has no earlier log. */
function ignoreMissing(error: unknown): void {
  if (!(error instanceof Error && "code" in error && error.code === "ENOENT")) throw error;
}

function detached({ user }: Cluster) {
  const identity = user && { uid: user.uid, gid: user.gid };
  return { cwd: "/", env: serverEnvironment, detached: true, ...identity };
}

/** Waits for the end of a pipe whose other end this process alone holds, however it ends, and stops the server. */
function watchOver(pid: number, cluster: Cluster): Disposable {
  const script = 'trap "" HUP INT TERM; read -r _; kill -INT "$1"';
  const shell = spawn("/bin/sh", ["-c", script, "sh", String(pid)], {
    ...detached(cluster),
    stdio: ["pipe", "ignore", "ignore"],
  });
  shell.once("error", () => {});
  shell.stdin.on("error", () => {});
  shell.unref();
  return { [Symbol.dispose]: () => void shell.kill("SIGKILL") };
}

function hasEnded(child: ChildProcess): boolean {
  return child.pid === undefined || child.exitCode !== null || child.signalCode !== null;
}

/** Why a server ended at once; throws unless trying again can help. */
async function checkFailure(cluster: Cluster): Promise<void> {
  const messages = await readFile(cluster.serverLog, "utf8");
  if (passing.test(messages)) return;
  const reason = explain(messages, cluster.data) ?? fatalLine(messages) ?? messages.trim();
  throw new EmbeddedDatabaseFault(
    `The embedded PostgreSQL did not start: ${reason} (${cluster.serverLog})`,
  );
}

/**
 * The running server of a cluster: one that runs already, else a new one. Waits for one that is just starting or
 * ending. Throws `EmbeddedDatabaseFault`; nothing that it started runs on then.
 */
export async function ensureRunning(
  cluster: Cluster,
  settings: Readonly<Record<string, string>>,
  wanted: { readonly port: number | undefined; readonly signal: AbortSignal },
): Promise<Postmaster> {
  const patience = AbortSignal.timeout(limits.startTimeoutMs);
  const port = wanted.port ?? (cluster.hasSocket ? socketPort : await freePort());
  await using launched = new AsyncDisposableStack();
  let child: ChildProcess | undefined;
  while (!patience.aborted) {
    const { found, state } = await findServer(cluster);
    if (found !== undefined && state === "ours") {
      const keeper = await connect(cluster, found.port);
      if (keeper !== undefined) {
        launched.move();
        return { ...found, keeper, adopted: found.pid !== child?.pid };
      }
    } else if (child === undefined || hasEnded(child)) {
      if (child !== undefined) await checkFailure(cluster);
      // PostgreSQL would take any process with that id for its own.
      if (state === "another") await rm(pidFile(cluster), { force: true });
      child = await launch(cluster, serverOptions(cluster, port, settings));
      launched.defer(killer(child));
    }
    await pause(limits.startPollMs, undefined, { signal: wanted.signal });
  }
  const seconds = limits.startTimeoutMs / 1000;
  throw new EmbeddedDatabaseFault(
    `The embedded PostgreSQL of ${cluster.data} does not answer after ${seconds} s: see ${cluster.serverLog}.`,
  );
}

function killer(child: ChildProcess): () => Promise<void> {
  return async () => {
    if (hasEnded(child)) return;
    child.kill("SIGQUIT");
    await once(child, "exit");
  };
}

/** Stops a server: its clients are cut off, what they committed is kept. Returns when it is gone. */
export async function stopServer(pid: number, cluster: Cluster): Promise<void> {
  const patience = AbortSignal.timeout(limits.stopTimeoutMs);
  if ((await lookAt(pid, cluster)) === "ours") kill(pid, "SIGINT");
  while ((await lookAt(pid, cluster)) === "ours") {
    if (patience.aborted) kill(pid, "SIGQUIT");
    await pause(limits.stopPollMs);
  }
}
