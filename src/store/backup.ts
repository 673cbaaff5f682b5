/** Writes all state of a database as lines that any later version can read, whatever its PostgreSQL. */
import {
  formatName,
  formatVersion,
  leftOut,
  type Header,
  type RowLine,
  type TableLine,
} from "./backup-format.ts";
import type { PostgresDatabase } from "./database.ts";
import { maxBackupBatchBytes, maxBackupBatchRows } from "./limits.ts";
import type { Sql } from "./sql.ts";
import { run, runForArrays, type Connection } from "./statement.ts";
import { listColumns, listTables, type Column } from "./tables.ts";

/** Takes one line, without its end; resolves when there is room for the next. */
type Write = (line: string) => Promise<void>;

/** What was written. */
export interface Counts {
  readonly tables: number;
  readonly rows: number;
}

/**
 * Writes the state as it is at one moment, while the gateway runs. No more than a few megabytes, or one row, are in
 * memory. Throws `StoreUnavailable`, `StatementFailed`, and what `write` throws.
 */
export async function writeBackup(database: PostgresDatabase, write: Write): Promise<Counts> {
  return database.connection(async (connection) => {
    await run(connection, "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
    // Text that any server reads in the same way, and time for large tables.
    await run(connection, "SET LOCAL datestyle = 'ISO'; SET LOCAL timezone = 'UTC'");
    await run(connection, "SET LOCAL bytea_output = 'hex'; SET LOCAL intervalstyle = 'iso_8601'");
    await run(connection, "SET LOCAL statement_timeout = 0");
    await run(connection, "SET LOCAL idle_in_transaction_session_timeout = 0");
    await write(JSON.stringify(await headerOf(connection)));
    const tables = (await listTables(connection)).filter((name) => !leftOut.includes(name));
    let rows = 0;
    for (const table of tables) rows += await writeTable(connection, table, write);
    await write(JSON.stringify({ end: true, rows }));
    await run(connection, "COMMIT");
    return { tables: tables.length, rows };
  });
}

async function headerOf(connection: Sql): Promise<Header> {
  if (!(await listTables(connection)).includes("migrations")) {
    throw new Error("The database was never used by Eastgate: there is nothing to back up.");
  }
  const text = "SELECT number, name, checksum FROM migrations ORDER BY number";
  const migrations = await connection.rows<Header["migrations"][number]>("backup.header", text);
  return { format: formatName, version: formatVersion, migrations };
}

async function writeTable(connection: Connection, table: string, write: Write): Promise<number> {
  const columns = await listColumns(connection, table);
  const names = columns.map(({ name }) => name);
  const sequences = await sequencesOf(connection, columns);
  await write(JSON.stringify({ table, columns: names, sequences } satisfies TableLine));
  const quote = (name: string): string => connection.client.escapeIdentifier(name);
  const texts = names.map((name) => `${quote(name)}::text`).join(", ");
  const limit = await batchRows(connection, quote(table));
  await run(connection, `DECLARE backup NO SCROLL CURSOR FOR SELECT ${texts} FROM ${quote(table)}`);
  let count = 0;
  for (;;) {
    const { rows } = await runForArrays<RowLine>(connection, `FETCH ${limit} FROM backup`);
    for (const row of rows) await write(JSON.stringify(row));
    count += rows.length;
    if (rows.length < limit) break;
  }
  await run(connection, "CLOSE backup");
  return count;
}

async function sequencesOf(
  connection: Sql,
  columns: readonly Column[],
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for (const { name, sequence } of columns) {
    if (sequence === null) continue;
    const text = "SELECT pg_sequence_last_value($1::regclass)::text AS last";
    const [row] = await connection.rows<{ last: string | null }>("backup.sequence", text, [
      sequence,
    ]);
    if (row?.last) found[name] = row.last;
  }
  return found;
}

/** How many rows are fetched at once, so that the largest of them together stay within the limit. */
async function batchRows(connection: Connection, table: string): Promise<number> {
  const text = `SELECT coalesce(max(octet_length(t::text)), 0)::int AS size FROM ${table} t`;
  const { rows } = await run<{ size: number }>(connection, text);
  const largest = Math.max(1, rows[0]?.size ?? 1);
  return Math.min(maxBackupBatchRows, Math.max(1, Math.floor(maxBackupBatchBytes / largest)));
}
