/** Opens the gateway's database, wherever it is, and brings it up to the program's version. */
import { fileURLToPath } from "node:url";
import { join } from "node:path";
import type { Log } from "../kit/log.ts";
import { openDatabase, type PostgresDatabase } from "./database.ts";
import { startEmbedded } from "./embedded.ts";
import { migrate } from "./migrate.ts";

/** Where the state lives. */
export interface StorePlace {
  /** The operator's PostgreSQL; undefined: the embedded one in the data directory. */
  readonly url: string | undefined;
  readonly dataDir: string;
  readonly maxConnections: number;
}

/** An open, migrated database; disposing of it stops the embedded server when this process owns it. */
export interface OpenStore extends AsyncDisposable {
  readonly database: PostgresDatabase;
  readonly embedded: boolean;
}

const migrations = fileURLToPath(new URL("../../migrations", import.meta.url));

/** Throws `StoreUnavailable`, `EmbeddedDatabaseFault`, `MigrationRefused`, each with what to do. */
export async function openStore(place: StorePlace, log: Log): Promise<OpenStore> {
  await using stack = new AsyncDisposableStack();
  const url = place.url ?? stack.use(await startIn(place.dataDir, log)).url;
  const database = stack.use(await openDatabase(url, log, place.maxConnections));
  const applied = await migrate(database, migrations);
  if (applied.length > 0) log.info({ migrations: applied }, "The database was brought up to date");
  const kept = stack.move();
  return {
    database,
    embedded: place.url === undefined,
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

function startIn(dataDir: string, log: Log): ReturnType<typeof startEmbedded> {
  return startEmbedded({ directory: join(dataDir, "postgres") }, log);
}
