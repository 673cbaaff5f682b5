/** Brings a database up to the program's version: numbered plain SQL files, forward only. */
import { createHash } from "node:crypto";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { PoolClient } from "pg";
import type { PostgresDatabase } from "./database.ts";
import { MigrationRefused, statementError } from "./errors.ts";
import { maxMigrationMs } from "./limits.ts";

/** One file of the migrations folder. */
export interface Migration {
  readonly number: number;
  readonly name: string;
  readonly text: string;
  readonly checksum: string;
}

interface Applied {
  readonly number: number;
  readonly name: string;
  readonly checksum: string;
}

const fileForm = /^(\d{3})-[a-z0-9-]+\.sql$/;

// A migration may rewrite a large table, and who starts second waits for who started first.
const patience = { query_timeout: maxMigrationMs };

// Any number that no other program on the same database uses: "east" in ASCII.
const lockKey = 0x65617374;

/** The migrations of a folder, by number. Throws `MigrationRefused` on a misnamed or doubled file. */
export async function readMigrations(folder: string): Promise<Migration[]> {
  const migrations: Migration[] = [];
  for (const name of (await readdir(folder)).toSorted()) {
    const number = Number(fileForm.exec(name)?.[1]);
    if (Number.isNaN(number)) {
      throw new MigrationRefused(`${join(folder, name)}: a migration is named NNN-words.sql`);
    }
    if (migrations.at(-1)?.number === number) {
      throw new MigrationRefused(`${join(folder, name)}: number ${number} is there twice`);
    }
    const text = await readFile(join(folder, name), "utf8");
    migrations.push({
      number,
      name,
      text,
      checksum: createHash("sha256").update(text).digest("hex"),
    });
  }
  return migrations;
}

/** Refuses a database that this program's migrations cannot have made. */
function compare(migrations: readonly Migration[], applied: readonly Applied[]): void {
  const last = applied.at(-1)?.number ?? 0;
  for (const { number, name, checksum } of applied) {
    const ours = migrations.find((migration) => migration.number === number);
    if (ours === undefined) {
      throw new MigrationRefused(
        `The database was made by a newer version of Eastgate (it has migration ${name}): start that version, ` +
          "or restore a backup from before the update.",
      );
    }
    if (ours.checksum !== checksum) {
      throw new MigrationRefused(
        `Migration ${ours.name} differs from the one that the database was made with (${name}): ` +
          "a released migration is never edited; install the version of Eastgate that made this database.",
      );
    }
  }
  const late = migrations.find(
    ({ number }) => number < last && !applied.some((row) => row.number === number),
  );
  if (late !== undefined) {
    throw new MigrationRefused(
      `Migration ${late.name} came after number ${last} was applied: give it a higher number.`,
    );
  }
}

async function applyNext(
  client: PoolClient,
  migrations: readonly Migration[],
): Promise<string | undefined> {
  await client.query("BEGIN");
  await client.query("SET LOCAL statement_timeout = 0");
  await client.query({ text: "SELECT pg_advisory_xact_lock($1)", values: [lockKey], ...patience });
  await client.query(
    `CREATE TABLE IF NOT EXISTS migrations (
       number int PRIMARY KEY, name text NOT NULL, checksum text NOT NULL, applied timestamptz NOT NULL DEFAULT now())`,
  );
  const { rows } = await client.query<Applied>(
    "SELECT number, name, checksum FROM migrations ORDER BY number",
  );
  compare(migrations, rows);
  const next = migrations.find(({ number }) => number > (rows.at(-1)?.number ?? 0));
  if (next !== undefined) {
    await client.query({ text: next.text, ...patience }).catch((error: unknown) => {
      throw statementError(next.name, error);
    });
    const values = [next.number, next.name, next.checksum];
    await client.query(
      "INSERT INTO migrations (number, name, checksum) VALUES ($1, $2, $3)",
      values,
    );
  }
  await client.query("COMMIT");
  return next?.name;
}

/**
 * Applies the migrations that the database lacks, one transaction each; processes that start together wait for
 * one another. `upTo` is the highest number to apply. Gives the names of those applied. Throws `MigrationRefused`, `StatementFailed`, `StoreUnavailable`.
 */
export async function migrate(
  database: PostgresDatabase,
  folder: string,
  upTo = Infinity,
): Promise<string[]> {
  const migrations = (await readMigrations(folder)).filter(({ number }) => number <= upTo);
  return database.connection(async ({ client }) => {
    const names: string[] = [];
    for (;;) {
      const name = await applyNext(client, migrations);
      if (name === undefined) return names;
      names.push(name);
    }
  });
}
