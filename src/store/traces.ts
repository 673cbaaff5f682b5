/** Tables `traces` and `trace_entries`: what an operator watches of a device, for some minutes. */
import type { DeviceName } from "./skipped-items.ts";
import type { Sql } from "./sql.ts";

/** A trace that was switched on. */
export interface TraceRow {
  readonly id: string;
  /** Row id of the device. */
  readonly deviceId: string;
  readonly content: boolean;
  readonly until: Date;
  /** Entries that found no room. */
  readonly leftOut: number;
}

/** How much of a trace may wait for its reader. */
export interface TraceRoom {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

const columns = `id::text AS id, device_id::text AS "deviceId", content, until, left_out AS "leftOut"`;

/** Switches a trace on, in the place of an earlier one of the device. Wants a transaction. */
export async function putTrace(
  sql: Sql,
  device: DeviceName,
  { content, until }: { readonly content: boolean; readonly until: Date },
): Promise<TraceRow> {
  // The row stays locked until the end: two who begin together follow one another.
  await sql.rows("traces.lock", "SELECT id FROM devices WHERE id = $1 FOR UPDATE", [device.id]);
  await sql.rows("traces.replace", "DELETE FROM traces WHERE device_id = $1", [device.id]);
  const text = `INSERT INTO traces (account_id, device_id, content, until) VALUES ($1, $2, $3, $4)
    RETURNING ${columns}`;
  const values = [device.accountId, device.id, content, until];
  const [row] = await sql.rows<TraceRow>("traces.put", text, values);
  if (row === undefined) throw new Error("INSERT returned no row");
  return row;
}

/** A trace by its id; undefined when it was switched off or another took its place. */
export async function findTrace(sql: Sql, id: string): Promise<TraceRow | undefined> {
  const text = `SELECT ${columns} FROM traces WHERE id = $1`;
  const [row] = await sql.rows<TraceRow>("traces.find", text, [id]);
  return row;
}

/** All traces that are switched on. */
export async function listTraces(sql: Sql): Promise<TraceRow[]> {
  return sql.rows("traces.list", `SELECT ${columns} FROM traces`);
}

/** Switches a trace off; its entries go with it. */
export async function removeTrace(sql: Sql, id: string): Promise<void> {
  await sql.rows("traces.remove", "DELETE FROM traces WHERE id = $1", [id]);
}

/** Takes away the traces whose time was over before this moment. */
export async function removeTracesBefore(sql: Sql, before: Date): Promise<void> {
  await sql.rows("traces.expire", "DELETE FROM traces WHERE until < $1", [before]);
}

/** Adds an entry where there is room, else counts it. */
export async function addTraceEntry(
  sql: Sql,
  traceId: string,
  entry: string,
  { maxEntries, maxBytes }: TraceRoom,
): Promise<void> {
  const text = `INSERT INTO trace_entries (account_id, trace_id, text)
    SELECT t.account_id, t.id, $2::text FROM traces t WHERE t.id = $1
    AND (SELECT count(*) < $3 AND coalesce(sum(octet_length(e.text)), 0) + octet_length($2::text) <= $4
      FROM trace_entries e WHERE e.trace_id = $1) RETURNING id`;
  const added = await sql.rows("traces.add", text, [traceId, entry, maxEntries, maxBytes]);
  if (added.length > 0) return;
  const count = "UPDATE traces SET left_out = left_out + 1 WHERE id = $1";
  await sql.rows("traces.full", count, [traceId]);
}

/** Takes the entries of a trace away and gives their texts, the oldest first. */
export async function takeTraceEntries(sql: Sql, traceId: string): Promise<string[]> {
  const text = `WITH taken AS (DELETE FROM trace_entries WHERE trace_id = $1 RETURNING id, text)
    SELECT text FROM taken ORDER BY id`;
  const rows = await sql.rows<{ text: string }>("traces.take", text, [traceId]);
  return rows.map((row) => row.text);
}
