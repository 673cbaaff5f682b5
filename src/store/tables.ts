/** The tables of the database as PostgreSQL knows them. */
import type { Sql } from "./sql.ts";

/** A column that can be written. */
export interface Column {
  readonly name: string;
  /** As PostgreSQL writes it: "bigint", "timestamp with time zone". */
  readonly type: string;
  /** Sequence of an identity column; null for others. */
  readonly sequence: string | null;
}

/** Names of all tables, each behind those that it refers to. */
export async function listTables(sql: Sql): Promise<string[]> {
  const names = await sql.rows<{ name: string }>(
    "tables.list",
    `SELECT relname AS name FROM pg_class
      WHERE relnamespace = current_schema()::regnamespace AND relkind = 'r' ORDER BY relname`,
  );
  const references = await sql.rows<Reference>(
    "tables.references",
    `SELECT c.relname AS "from", p.relname AS "to" FROM pg_constraint f
      JOIN pg_class c ON c.oid = f.conrelid JOIN pg_class p ON p.oid = f.confrelid
      WHERE f.contype = 'f' AND f.connamespace = current_schema()::regnamespace`,
  );
  return inOrder(
    names.map(({ name }) => name),
    references,
  );
}

interface Reference {
  readonly from: string;
  readonly to: string;
}

function inOrder(names: readonly string[], references: readonly Reference[]): string[] {
  const placed: string[] = [];
  while (placed.length < names.length) {
    const ready = names.filter(
      (name) =>
        !placed.includes(name) &&
        references.every(({ from, to }) => from !== name || to === name || placed.includes(to)),
    );
    if (ready.length === 0) throw new Error("Tables refer to each other in a circle");
    placed.push(...ready);
  }
  return placed;
}

/** The columns of a table, in their order. */
export async function listColumns(sql: Sql, table: string): Promise<Column[]> {
  const text = `SELECT attname AS name, format_type(atttypid, atttypmod) AS type,
      CASE WHEN attidentity = '' THEN NULL ELSE pg_get_serial_sequence(quote_ident($1), attname) END AS sequence
    FROM pg_attribute WHERE attrelid = quote_ident($1)::regclass
      AND attnum > 0 AND NOT attisdropped AND attgenerated = '' ORDER BY attnum`;
  return sql.rows<Column>("tables.columns", text, [table]);
}
