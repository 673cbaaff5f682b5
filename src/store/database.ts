/** The pool of PostgreSQL connections, transactions, and hints between gateway processes. */
import {
  Client,
  Pool,
  type ClientConfig,
  type CustomTypesConfig,
  type PoolClient,
  types,
} from "pg";
import type { Log } from "../kit/log.ts";
import { statementError, StoreUnavailable, unavailable } from "./errors.ts";
import * as limits from "./limits.ts";
import { Listener } from "./listener.ts";
import type { Database, Sql } from "./sql.ts";

/** The hints of all gateway processes go through this channel. */
const channel = "eastgate";

const int8 = types.builtins.INT8;

// Per connection, so that the parsers of the process's other users of `pg` stay as they are.
const parsers: CustomTypesConfig = {
  getTypeParser: (type, format) =>
    type === int8 && format !== "binary" ? BigInt : types.getTypeParser(type, format ?? "text"),
};

/** How to connect to a PostgreSQL server: `postgresql://…`, a socket's folder as `?host=/folder`. */
export function connectionConfig(url: string): ClientConfig {
  return {
    connectionString: url,
    application_name: "eastgate",
    types: parsers,
    keepAlive: true,
    connectionTimeoutMillis: limits.connectTimeoutMs,
    statement_timeout: limits.statementTimeoutMs,
    query_timeout: limits.answerTimeoutMs,
    idle_in_transaction_session_timeout: limits.idleTransactionTimeoutMs,
  };
}

/** One connection of the pool, as `Sql`. */
class Connection implements Sql {
  readonly client: PoolClient;

  constructor(client: PoolClient) {
    this.client = client;
  }

  async rows<Row>(name: string, text: string, values: readonly unknown[] = []): Promise<Row[]> {
    try {
      const result = await this.client.query({ name, text, values: [...values] });
      // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the statement names its columns
      return result.rows as Row[];
    } catch (error) {
      throw statementError(name, error);
    }
  }
}

/** False for a connection that cannot roll back: it has to be closed, which rolls back too. */
async function rolledBack(client: PoolClient): Promise<boolean> {
  return client.query("ROLLBACK").then(
    () => true,
    () => false,
  );
}

/** `Database` over a pool of `pg`. */
export class PostgresDatabase implements Database {
  readonly #pool: Pool;
  readonly #listener: Listener;

  constructor(url: string, log: Log, maxConnections: number) {
    this.#pool = new Pool({
      ...connectionConfig(url),
      max: maxConnections,
      idleTimeoutMillis: limits.idleConnectionMs,
    });
    const lost = (error: Error): void =>
      log.warn({ error: error.message }, "Lost a database connection");
    this.#pool.on("error", lost);
    // The pool listens to idle clients alone: without this a connection lost in a transaction ends the process.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
    this.#listener = new Listener(() => new Client(connectionConfig(url)), channel, log);
  }

  async rows<Row>(name: string, text: string, values?: readonly unknown[]): Promise<Row[]> {
    return this.connection((sql) => sql.rows<Row>(name, text, values));
  }

  async transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result> {
    return this.connection(async (connection) => {
      await connection.rows("store.begin", "BEGIN");
      const result = await work(connection);
      await connection.rows("store.commit", "COMMIT");
      return result;
    });
  }

  /**
   * Lends one connection of the pool. When `work` throws, an open transaction is rolled back.
   * Throws `StoreUnavailable`.
   */
  async connection<Result>(
    work: (connection: Sql & { readonly client: PoolClient }) => Promise<Result>,
  ): Promise<Result> {
    const client = await this.#pool.connect().catch((error: unknown) => {
      throw unavailable(error);
    });
    try {
      const result = await work(new Connection(client));
      client.release();
      return result;
    } catch (error) {
      client.release(error instanceof StoreUnavailable || !(await rolledBack(client)));
      throw error;
    }
  }

  async notify(sql: Sql, kind: string, id: string): Promise<void> {
    const hint = `${kind}:${id}`;
    if (Buffer.byteLength(hint) > limits.maxHintBytes)
      throw new RangeError(`Hint too long: ${kind}`);
    await sql.rows("store.notify", "SELECT pg_notify($1, $2)", [channel, hint]);
  }

  async listen(hear: (kind: string, id: string) => void): Promise<Disposable> {
    return this.#listener.add(hear);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#listener[Symbol.asyncDispose]();
    await this.#pool.end();
  }
}

/**
 * Opens a pool on a PostgreSQL server (14 or newer, direct or through a pooler in session mode) and tries it.
 * Throws `StoreUnavailable` when the server cannot be reached or refuses.
 */
export async function openDatabase(
  url: string,
  log: Log,
  maxConnections = limits.maxPoolConnections,
): Promise<PostgresDatabase> {
  const database = new PostgresDatabase(url, log, maxConnections);
  try {
    await database.rows("store.hello", "SELECT 1 AS hello");
    return database;
  } catch (error) {
    await database[Symbol.asyncDispose]();
    throw error;
  }
}
