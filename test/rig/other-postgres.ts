/** A PostgreSQL server of another major version than the embedded one, where the machine has one. */
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openDatabase } from "../../src/store/database.ts";
import { quiet } from "./quiet-log.ts";

const root = "/usr/lib/postgresql";

/** The programs of Debian's newest one; undefined where there is none. */
export function otherPostgres(): string | undefined {
  const versions = existsSync(root) ? readdirSync(root) : [];
  const newest = versions.toSorted((one, other) => Number(other) - Number(one));
  return newest
    .map((version) => join(root, version, "bin"))
    .find((bin) => existsSync(join(bin, "initdb")));
}

/** Starts it in a temporary folder with an empty database; both go when it is disposed of. */
export async function startOtherPostgres(
  bin: string,
): Promise<{ readonly url: string } & AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "eastgate-other-postgres-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o777);
  const data = join(folder, "data");
  const asPostgres = ["-u", "postgres", "--"];
  const initdb = [join(bin, "initdb"), "-D", data, "-A", "trust", "-E", "UTF8", "--no-sync"];
  const made = spawnSync("runuser", [...asPostgres, ...initdb, "--locale=C"], { cwd: folder });
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr.toString()}`);
  const options = ["-D", data, "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off"];
  // runuser would stay as its parent; the server itself is the process that is ended.
  const as = ["--reuid=postgres", "--regid=postgres", "--init-groups"];
  const child = spawn("setpriv", [...as, join(bin, "postgres"), ...options], {
    cwd: folder,
    stdio: "ignore",
  });
  const ended = once(child, "exit");
  stack.defer(async () => {
    child.kill("SIGINT");
    await ended;
  });
  const url = `postgresql://postgres@/postgres?host=${folder}`;
  await untilUp(url, () => child.exitCode === null);
  const kept = stack.move();
  return { url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function untilUp(url: string, lives: () => boolean): Promise<void> {
  for (;;) {
    try {
      await using database = await openDatabase(url, quiet, 1);
      await database.rows("rig.up", "SELECT 1");
      return;
    } catch (error) {
      if (!lives()) throw error;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
