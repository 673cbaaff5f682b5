/**
 * A migrated database for a test file, on a real PostgreSQL. All files of one run share the server that the run
 * started; a file that is run by itself starts a server of its own.
 */
import { randomBytes } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { openDatabase, type PostgresDatabase } from "../../src/store/database.ts";
import { startEmbedded } from "../../src/store/embedded.ts";
import { migrate } from "../../src/store/migrate.ts";
import { quiet } from "./quiet-log.ts";

/** A database of a test's own; disposing of it drops it. */
export interface TestDatabase extends AsyncDisposable {
  readonly database: PostgresDatabase;
  /** For further pools on the same database ("another gateway process"). */
  readonly url: string;
}

/** A server with the template `eastgate_template`, and the address of its maintenance database. */
export interface TestServer extends AsyncDisposable {
  readonly url: string;
}

const template = "eastgate_template";

/** Variable by which a run tells its test files where its server is. */
export const serverVariable = "EASTGATE_TEST_DATABASE";

const migrations = fileURLToPath(new URL("../../migrations", import.meta.url));

// Tests do not survive a power cut.
const settings = {
  fsync: "off",
  synchronous_commit: "off",
  full_page_writes: "off",
  max_connections: "300",
};

function withName(url: string, name: string): string {
  return url.replace(/^(postgresql:\/\/[^/]*\/)[^?]*/, `$1${name}`);
}

/** Starts a server in a temporary folder and migrates the template; the folder goes when it is disposed of. */
export async function startTestServer(): Promise<TestServer> {
  const directory = await mkdtemp(join(tmpdir(), "eastgate-test-database-"));
  const embedded = await startEmbedded({ directory, settings }, quiet);
  const dispose = async (): Promise<void> => {
    await embedded[Symbol.asyncDispose]();
    await rm(directory, { recursive: true, force: true });
  };
  try {
    const url = embedded.urlOf("postgres");
    await using maintenance = await openDatabase(url, quiet, 1);
    await maintenance.rows("rig.template", `CREATE DATABASE ${template}`);
    await using database = await openDatabase(embedded.urlOf(template), quiet, 1);
    await migrate(database, migrations);
    return { url, [Symbol.asyncDispose]: dispose };
  } catch (error) {
    await dispose();
    throw error;
  }
}

let own: { readonly server: Promise<TestServer>; users: number } | undefined;

/** The run's server, or this process's own, which ends with its last user. */
async function takeServer(): Promise<TestServer> {
  const url = env[serverVariable];
  if (url !== undefined) return { url, [Symbol.asyncDispose]: () => Promise.resolve() };
  own ??= { server: startTestServer(), users: 0 };
  const taken = own;
  taken.users += 1;
  const server = await taken.server;
  const dispose = async (): Promise<void> => {
    taken.users -= 1;
    if (taken.users > 0) return;
    own = undefined;
    await server[Symbol.asyncDispose]();
  };
  return { url: server.url, [Symbol.asyncDispose]: dispose };
}

/** Clones the migrated template into a database of the caller's own. */
export async function openTestDatabase(): Promise<TestDatabase> {
  await using stack = new AsyncDisposableStack();
  const server = stack.use(await takeServer());
  const name = `test_${randomBytes(8).toString("hex")}`;
  await runOnce(server.url, `CREATE DATABASE ${name} TEMPLATE ${template}`);
  stack.defer(() => runOnce(server.url, `DROP DATABASE ${name} WITH (FORCE)`));
  const url = withName(server.url, name);
  const database = stack.use(await openDatabase(url, quiet));
  const kept = stack.move();
  return { database, url, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function runOnce(url: string, text: string): Promise<void> {
  await using database = await openDatabase(url, quiet, 1);
  await database.rows("rig.once", text);
}
