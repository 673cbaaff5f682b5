/** How the one-file-per-table modules of `store/` talk to PostgreSQL. Ids are strings in code (`id::text`). */

/** One connection or pool that statements run on. */
export interface Sql {
  /**
   * Runs one statement as a named prepared statement. `name` is unique to the text ("heads.find").
   * int8 columns arrive as bigint, bytea as Buffer, timestamptz as Date, jsonb parsed.
   */
  rows<Row>(name: string, text: string, values?: readonly unknown[]): Promise<Row[]>;
}

/** The store's pool. Disposing of it closes all connections. */
export interface Database extends Sql, AsyncDisposable {
  /** Runs `work` in one transaction; commits when it resolves, rolls back when it throws. */
  transaction<Result>(work: (sql: Sql) => Promise<Result>): Promise<Result>;
  /** Sends a hint to every gateway process: payload `kind:id` on the one channel. */
  notify(sql: Sql, kind: string, id: string): Promise<void>;
  /** Calls `hear` for each hint, and with kind "reconnected" after a lost connection came back. */
  listen(hear: (kind: string, id: string) => void): Promise<Disposable>;
}
