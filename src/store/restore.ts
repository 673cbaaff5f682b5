/** Reads a backup into an empty database and brings that up to date. */
import {
  damaged,
  readHeader,
  readLine,
  type Header,
  type Line,
  type RowLine,
  type TableLine,
} from "./backup-format.ts";
import type { Counts } from "./backup.ts";
import type { PostgresDatabase } from "./database.ts";
import { BackupFault, RestoreRefused, StatementFailed } from "./errors.ts";
import { maxBackupBatchBytes, maxBackupBatchRows } from "./limits.ts";
import { migrate, readMigrations } from "./migrate.ts";
import { run, type Connection } from "./statement.ts";
import { listColumns, listTables, type Column } from "./tables.ts";

/**
 * Fills an empty database from the lines of a backup: makes the tables as they were when it was written, fills
 * them in one transaction, and applies all later migrations. Throws `BackupFault`, `RestoreRefused` (nothing was
 * changed), `StoreUnavailable`, `StatementFailed`.
 */
export async function restoreBackup(
  database: PostgresDatabase,
  folder: string,
  lines: AsyncIterable<string>,
): Promise<Counts> {
  const reading = lines[Symbol.asyncIterator]();
  const first = await reading.next();
  const header = readHeader(first.done === true ? "" : first.value);
  await checkMigrations(header, folder);
  await database.connection(makeEmpty);
  await migrate(database, folder, header.migrations.at(-1)?.number);
  const counts = await database.connection((connection) => fill(connection, reading));
  await migrate(database, folder);
  return counts;
}

/** A backup of a newer version has tables that this one does not know. */
async function checkMigrations({ migrations }: Header, folder: string): Promise<void> {
  const ours = await readMigrations(folder);
  for (const { number, name, checksum } of migrations) {
    const same = ours.find((migration) => migration.number === number);
    if (same?.checksum === checksum) continue;
    throw new BackupFault(
      same === undefined
        ? `was written by a newer version of Eastgate (it has migration ${name}): install that version`
        : `was written by another version of Eastgate (migration ${name} differs): install that version`,
    );
  }
}

/** Takes our tables away where none has a row. Throws `RestoreRefused` where one has, or there are others. */
async function makeEmpty(connection: Connection): Promise<void> {
  await run(connection, "BEGIN");
  await refuseCompany(connection);
  const tables = await listTables(connection);
  if (tables.length > 0 && !tables.includes("migrations")) {
    throw new RestoreRefused(
      `The database has tables that are not Eastgate's (${tables[0]}): name an empty database.`,
    );
  }
  const quote = (name: string): string => connection.client.escapeIdentifier(name);
  for (const table of tables.filter((name) => name !== "migrations")) {
    const { rowCount } = await run(connection, `SELECT 1 FROM ${quote(table)} LIMIT 1`);
    if (rowCount === 0) continue;
    throw new RestoreRefused(
      `The database is not empty (table ${table} has rows): restore into an empty one. With the embedded ` +
        `database, move the folder "database" out of data_dir first.`,
    );
  }
  if (tables.length > 0) await run(connection, `DROP TABLE ${tables.map(quote).join(", ")}`);
  await run(connection, "COMMIT");
}

/** A gateway on the database would write between our statements. */
async function refuseCompany(connection: Connection): Promise<void> {
  const [company] = await connection.rows(
    "restore.company",
    `SELECT pid FROM pg_stat_activity WHERE datname = current_database()
      AND application_name = 'eastgate' AND pid <> pg_backend_pid() LIMIT 1`,
  );
  if (company === undefined) return;
  throw new RestoreRefused("Eastgate runs on this database: stop it, then restore.");
}

async function fill(connection: Connection, lines: AsyncIterator<string>): Promise<Counts> {
  await run(connection, "BEGIN");
  await run(connection, "SET LOCAL statement_timeout = 0");
  await run(connection, "SET LOCAL idle_in_transaction_session_timeout = 0");
  await run(connection, "SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC'");
  const known = await listTables(connection);
  const filler = new Filler(connection, known);
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw cutOff();
    const line = readLine(value);
    if (await filler.take(line)) break;
  }
  if ((await lines.next()).done !== true) throw damaged("lines behind its end");
  await run(connection, "COMMIT");
  return filler.counts;
}

/** The error for a backup without its end. */
export function cutOff(): BackupFault {
  return new BackupFault("ends too early: it was not written to its end, or not copied whole");
}

/** A table that is being filled. */
interface Target {
  readonly table: string;
  readonly columns: readonly Column[];
}

/** Writes rows in batches. */
class Filler {
  readonly #connection: Connection;
  readonly #known: readonly string[];
  #target: Target | undefined;
  #batch: RowLine[] = [];
  #batchBytes = 0;
  #tables = 0;
  #rows = 0;

  constructor(connection: Connection, known: readonly string[]) {
    this.#connection = connection;
    this.#known = known;
  }

  get counts(): Counts {
    return { tables: this.#tables, rows: this.#rows };
  }

  /** Takes a line; true when it was the last. */
  async take(line: Line): Promise<boolean> {
    if (Array.isArray(line)) {
      await this.#add(line);
      return false;
    }
    await this.#flush();
    if ("table" in line) {
      this.#target = await this.#begin(line);
      return false;
    }
    if (line.rows !== this.#rows) throw damaged(`${this.#rows} rows instead of ${line.rows}`);
    return true;
  }

  async #begin({ table, columns, sequences }: TableLine): Promise<Target> {
    if (!this.#known.includes(table)) throw damaged(`there is no table "${table}"`);
    const all = await listColumns(this.#connection, table);
    const wanted = columns.map((name) => {
      const column = all.find((each) => each.name === name);
      if (column === undefined) throw damaged(`table "${table}" has no column "${name}"`);
      return column;
    });
    for (const { name, sequence } of wanted) {
      const last = sequences[name];
      if (sequence === null || last === undefined) continue;
      const text = "SELECT setval($1::regclass, $2::bigint)";
      await this.#connection.rows("restore.sequence", text, [sequence, last]);
    }
    this.#tables += 1;
    return { table, columns: wanted };
  }

  async #add(row: RowLine): Promise<void> {
    if (row.length !== this.#target?.columns.length) throw damaged("a row of another length");
    this.#batch.push(row);
    this.#batchBytes += row.reduce((sum, text) => sum + (text?.length ?? 0), 0);
    const full =
      this.#batch.length >= maxBackupBatchRows || this.#batchBytes >= maxBackupBatchBytes;
    if (full) await this.#flush();
  }

  async #flush(): Promise<void> {
    if (this.#target === undefined || this.#batch.length === 0) return;
    await insert(this.#connection, this.#target, this.#batch);
    this.#rows += this.#batch.length;
    this.#batch = [];
    this.#batchBytes = 0;
  }
}

/** One array of texts for each column; PostgreSQL reads them as it would read a dump. */
async function insert(
  connection: Connection,
  { table, columns }: Target,
  rows: readonly RowLine[],
): Promise<void> {
  const { client } = connection;
  const names = columns.map(({ name }) => client.escapeIdentifier(name)).join(", ");
  const casts = columns.map(({ type }, index) => `c${index}::${type}`).join(", ");
  const aliases = columns.map((_, index) => `c${index}`).join(", ");
  const arrays = columns.map((_, index) => `$${index + 1}::text[]`).join(", ");
  const text = `INSERT INTO ${client.escapeIdentifier(table)} (${names}) OVERRIDING SYSTEM VALUE
    SELECT ${casts} FROM unnest(${arrays}) AS rows (${aliases})`;
  const values = columns.map((_, index) => rows.map((row) => row[index]));
  await run(connection, text, values).catch((error: unknown) => {
    if (!(error instanceof StatementFailed)) throw error;
    throw damaged(`rows that do not fit into table "${table}"`, error);
  });
}
