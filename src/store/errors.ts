/** What can go wrong with the database, in words that the rest of the gateway tells apart. */
import { DatabaseError } from "pg";

/** The database cannot be reached, shuts down or has no room: HTTP 503 + Retry-After. */
export class StoreUnavailable extends Error {
  override name = "StoreUnavailable";
}

/** The database refused a statement: a bug of ours, or a constraint that was meant to hold. */
export class StatementFailed extends Error {
  override name = "StatementFailed";
  /** Name of the statement ("heads.find"). */
  readonly statement: string;
  /** SQLSTATE, "23505" for a row that exists already. */
  readonly code: string;
  /** The constraint that was hurt, "" when none. */
  readonly constraint: string;
  constructor(statement: string, cause: DatabaseError) {
    // The server's `detail` holds values of rows: it is left out, as logs must not hold contents.
    super(`${statement}: ${cause.message}`);
    this.statement = statement;
    this.code = cause.code ?? "";
    this.constraint = cause.constraint ?? "";
  }
}

/** The migrations of this program and those of the database do not fit together. */
export class MigrationRefused extends Error {
  override name = "MigrationRefused";
}

/** A backup cannot be read; the message goes on after the file's name. */
export class BackupFault extends Error {
  override name = "BackupFault";
}

/** A backup cannot be restored into this database; the message says what to do. */
export class RestoreRefused extends Error {
  override name = "RestoreRefused";
}

/** The embedded PostgreSQL cannot be made, started or found; the message says what to do. */
export class EmbeddedDatabaseFault extends Error {
  override name = "EmbeddedDatabaseFault";
}

// PostgreSQL's error classes 08 (connection), 53 (no room), 57 (shutting down, cancelled).
const unavailableState = /^(08|53|57)/;

const socketFaults = new Set([
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOENT",
  "EPIPE",
  "ETIMEDOUT",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "ENOTFOUND",
  "EAI_AGAIN",
]);

// `pg` has no classes for these.
const clientFaults =
  /connection terminated|connection error|not queryable|read timeout|timeout exceeded/i;

/** The error to throw for one that a statement met. */
export function statementError(statement: string, error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  if (error instanceof DatabaseError) {
    if (!unavailableState.test(error.code ?? "")) return new StatementFailed(statement, error);
    return unavailable(error);
  }
  const code = "code" in error ? String(error.code) : "";
  return socketFaults.has(code) || clientFaults.test(error.message) ? unavailable(error) : error;
}

/** What an attempt to connect met: whatever it was, there is no database now. */
export function unavailable(error: unknown): StoreUnavailable {
  const reason = error instanceof Error ? error.message || error.name : String(error);
  return new StoreUnavailable(`The database cannot be used: ${reason}`, { cause: error });
}
