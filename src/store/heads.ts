/** Table `sync_heads`: one head per partnership and collection. Only `sync/` uses it. */
import { blockValues, blockWrites, type BlockWrite } from "./block-writes.ts";
import type { Sql } from "./sql.ts";

/** Names a head. */
export interface HeadId {
  readonly accountId: string;
  readonly deviceId: string;
  readonly collectionId: string;
}

/** A head without undo and answer; `Json` is what its column holds. */
export interface StoredHead<Json> {
  readonly uuid: string | null;
  readonly counter: number;
  readonly previous: number | null;
  readonly revision: number;
  readonly head: Json | null;
}

/** Who holds a head, and until when. */
export interface HeadLease {
  readonly token: string;
  readonly now: Date;
  readonly until: Date;
}

/** A head under a lease, and the known rows that are written with it. */
export interface HeldHead {
  readonly counter: number;
  readonly token: string;
  readonly blocks: readonly BlockWrite[];
}

/** A head's next generation. */
export interface NextHead {
  readonly uuid: string;
  readonly counter: number;
  readonly previous: number | null;
  /** JSON texts. */
  readonly head: string;
  readonly undo: string;
  readonly answer: string;
}

/** Rows of another format are left alone: they count as never synced until key 0 replaces them. */
const format = 1;

const ofId = "account_id = $1 AND device_id = $2 AND collection_id = $3";
const columns = `CASE WHEN format = ${format} THEN key_uuid END AS uuid, counter, previous, revision, head`;

/** The head, or undefined. */
export async function findHead<Json>(sql: Sql, id: HeadId): Promise<StoredHead<Json> | undefined> {
  const text = `SELECT ${columns} FROM sync_heads WHERE ${ofId}`;
  const [row] = await sql.rows<StoredHead<Json>>("heads.find", text, values(id));
  return row;
}

/** Takes a head whose lease is free or has run out; undefined when there is none. */
export async function takeHead<Json>(
  sql: Sql,
  id: HeadId,
  lease: HeadLease,
): Promise<StoredHead<Json> | undefined> {
  const text = `UPDATE sync_heads SET lease_token = $4, lease_until = $5
    WHERE ${ofId} AND (lease_until IS NULL OR lease_until <= $6) RETURNING ${columns}`;
  const [row] = await sql.rows<StoredHead<Json>>("heads.take", text, [
    ...values(id),
    lease.token,
    lease.until,
    lease.now,
  ]);
  return row;
}

/** Makes a head that has no key yet; an existing one stays as it is. */
export async function createHead(sql: Sql, id: HeadId): Promise<void> {
  const text = `INSERT INTO sync_heads (account_id, device_id, collection_id, counter, revision)
    VALUES ($1, $2, $3, 0, 0) ON CONFLICT DO NOTHING`;
  await sql.rows("heads.create", text, values(id));
}

/** Puts off the end of a lease that is still held. */
export async function renewHead(sql: Sql, id: HeadId, lease: HeadLease): Promise<void> {
  const text = `UPDATE sync_heads SET lease_until = $5 WHERE ${ofId} AND lease_token = $4`;
  await sql.rows("heads.renew", text, [...values(id), lease.token, lease.until]);
}

/** Ends a lease; another's stays. */
export async function releaseHead(sql: Sql, id: HeadId, token: string): Promise<void> {
  const text = `UPDATE sync_heads SET lease_token = NULL, lease_until = NULL
    WHERE ${ofId} AND lease_token = $4`;
  await sql.rows("heads.release", text, [...values(id), token]);
}

/** Undo and answer of a head at this counter. */
export async function findLastAnswer<Row>(
  sql: Sql,
  id: HeadId,
  counter: number,
): Promise<Row | undefined> {
  const text = `SELECT undo, answer FROM sync_heads WHERE ${ofId} AND counter = $4`;
  const [row] = await sql.rows<Row>("heads.answer", text, [...values(id), counter]);
  return row;
}

/** Another state under the same key, if nobody changed the head since this counter and revision. */
export async function touchHead(
  sql: Sql,
  id: HeadId,
  next: { readonly counter: number; readonly revision: number; readonly head: string },
): Promise<void> {
  const text = `UPDATE sync_heads SET head = $6, revision = revision + 1
    WHERE ${ofId} AND counter = $4 AND revision = $5 AND key_uuid IS NOT NULL`;
  await sql.rows("heads.touch", text, [...values(id), next.counter, next.revision, next.head]);
}

/**
 * The next generation with its known rows, if counter and lease are still these; ends the lease. False: they are
 * not. `replace`: known rows that are not written go.
 */
export async function putHead(
  sql: Sql,
  id: HeadId,
  at: HeldHead & { readonly next: NextHead; readonly replace: boolean },
): Promise<boolean> {
  const text = `WITH put AS (UPDATE sync_heads SET key_uuid = $6, counter = $7, previous = $8, head = $9,
        undo = $10, answer = $11, revision = 0, lease_token = NULL, lease_until = NULL, format = ${format}
      WHERE ${ofId} AND counter = $4 AND lease_token = $5 RETURNING counter),
    ${blockWrites(12, "$15::boolean")}
    SELECT counter FROM put`;
  const { counter, token, next, blocks, replace } = at;
  const key = [next.uuid, next.counter, next.previous];
  const contents = [next.head, next.undo, next.answer];
  const written = [...blockValues(blocks), replace];
  const all = [...values(id), counter, token, ...key, ...contents, ...written];
  return (await sql.rows("heads.put", text, all)).length === 1;
}

/** Other contents of the same generation, if counter and lease are still these. */
export async function amendHead(
  sql: Sql,
  id: HeadId,
  at: HeldHead & { readonly next: Pick<NextHead, "head" | "undo"> },
): Promise<void> {
  const text = `WITH put AS (UPDATE sync_heads SET head = $6, undo = $7, revision = revision + 1
      WHERE ${ofId} AND counter = $4 AND lease_token = $5 RETURNING counter),
    ${blockWrites(8, "false")}
    SELECT counter FROM put`;
  const { counter, token, next, blocks } = at;
  const changed = [...values(id), counter, token, next.head, next.undo, ...blockValues(blocks)];
  await sql.rows("heads.amend", text, changed);
}

/** Removes a head with its known rows. */
export async function removeHead(sql: Sql, id: HeadId): Promise<void> {
  await sql.rows("heads.remove", `DELETE FROM sync_heads WHERE ${ofId}`, values(id));
}

function values({ accountId, deviceId, collectionId }: HeadId): string[] {
  return [accountId, deviceId, collectionId];
}
