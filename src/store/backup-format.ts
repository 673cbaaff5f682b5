/**
 * What a backup is: gzip of JSON lines. First the header; then for each table a line with its name, columns and
 * sequences, and a line for each row: its columns as PostgreSQL prints them, null for NULL; at last the end line.
 */
import { z } from "zod";
import { BackupFault } from "./errors.ts";

/** Rises when an older program could not read what a newer one writes. */
export const formatVersion = 1;

/** The first word of the header, by which a backup is known. */
export const formatName = "eastgate backup";

/** A migration that was applied to the database when it was backed up. */
const migration = z.object({ number: z.int(), name: z.string(), checksum: z.string() });

const header = z.object({
  format: z.literal(formatName),
  version: z.int(),
  migrations: z.array(migration).min(1),
});

const tableLine = z.object({
  table: z.string(),
  columns: z.array(z.string()).min(1),
  /** The last number that each identity column gave. */
  sequences: z.record(z.string(), z.string().regex(/^\d+$/)),
});

const endLine = z.object({ end: z.literal(true), rows: z.int() });

const rowLine = z.array(z.string().nullable());

const line = z.union([rowLine, tableLine, endLine]);

/** The first line. */
export type Header = z.infer<typeof header>;

/** The line before a table's rows. */
export type TableLine = z.infer<typeof tableLine>;

/** The columns of a row as text. */
export type RowLine = z.infer<typeof rowLine>;

/** Any line behind the header. */
export type Line = z.infer<typeof line>;

/** Tables that a backup leaves out: what restore makes itself, and what an operator watches just now. */
export const leftOut: readonly string[] = ["migrations", "traces", "trace_entries"];

/** The header of a backup. Throws `BackupFault`. */
export function readHeader(text: string): Header {
  const found = header.safeParse(json(text));
  if (!found.success) throw new BackupFault("is no backup of Eastgate");
  const { version } = found.data;
  if (version > formatVersion) {
    throw new BackupFault(
      `was written by a newer version of Eastgate (backup format ${version}, this version reads up to ` +
        `${formatVersion}): install that version`,
    );
  }
  return found.data;
}

/** A line behind the header. Throws `BackupFault`. */
export function readLine(text: string): Line {
  const found = line.safeParse(json(text));
  if (!found.success) throw damaged("a line that is neither a table nor a row");
  return found.data;
}

/** The error for a backup that cannot have been written so. */
export function damaged(what: string, cause?: Error): BackupFault {
  return new BackupFault(`is damaged: ${what}; take another backup`, { cause });
}

function json(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
