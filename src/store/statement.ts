/** Statements that run once and may take long: they are not prepared, and have a day. */
import type { PoolClient, QueryArrayResult, QueryResult } from "pg";
import { statementError } from "./errors.ts";
import { maxMigrationMs } from "./limits.ts";
import type { Sql } from "./sql.ts";

/** A connection that is lent for a longer piece of work. */
export type Connection = Sql & { readonly client: PoolClient };

const patience = { query_timeout: maxMigrationMs };

/** Runs a statement, or several without values. Throws `StatementFailed`, `StoreUnavailable`. */
export async function run<Row extends object>(
  { client }: Connection,
  text: string,
  values: readonly unknown[] = [],
): Promise<QueryResult<Row>> {
  const asked = { text, ...patience, ...(values.length === 0 ? {} : { values: [...values] }) };
  return await client.query<Row>(asked).catch((error: unknown) => fail(text, error));
}

/** Runs a statement and gives its rows as arrays. Throws as `run` does. */
export async function runForArrays<Row extends unknown[]>(
  { client }: Connection,
  text: string,
): Promise<QueryArrayResult<Row>> {
  const asked = { text, ...patience, rowMode: "array" as const };
  return await client.query<Row>(asked).catch((error: unknown) => fail(text, error));
}

const namedLength = 40;

function fail(text: string, error: unknown): never {
  throw statementError(text.slice(0, namedLength), error);
}
