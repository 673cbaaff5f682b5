/** Table `collections`: the folders of an account as devices know them, with tombstones. */
import type { Sql } from "./sql.ts";

/** One folder. `serial` is its number for ever; `parentSerial` 0 is the top. */
export interface CollectionRow {
  readonly serial: number;
  /** Server's path; "" while a special folder has none there. */
  readonly path: string;
  readonly parentSerial: number;
  readonly displayName: string;
  /** MS-ASCMD 2.2.3.186.3. */
  readonly type: number;
  readonly class: string;
  readonly selectable: boolean;
  readonly epoch: string;
  readonly remoteKey: string;
  /** UIDNEXT as last written: a lower bound. */
  readonly nextUid: number;
  /** Hierarchy revision of the last change that a device can see. */
  readonly revision: bigint;
  readonly deleted: boolean;
}

/** A folder, and whether any of its items has an alias, or a flag that devices said something of. */
export interface FoundCollection extends CollectionRow {
  readonly aliased: boolean;
  readonly followed: boolean;
}

/** Where the hierarchy of an account stands. */
export interface HierarchyPosition {
  readonly revision: bigint;
  readonly nextSerial: number;
  /** Folders that are not deleted. */
  readonly count: number;
}

const columns = `serial, path, parent_serial AS "parentSerial", display_name AS "displayName", type, class,
  selectable, epoch, remote_key AS "remoteKey", next_uid::float8 AS "nextUid", revision, deleted`;

/** Where the hierarchy stands; undefined for an unknown account. */
export async function findHierarchy(
  sql: Sql,
  accountId: string,
): Promise<HierarchyPosition | undefined> {
  const text = `SELECT hierarchy_revision AS revision, next_serial::int AS "nextSerial",
      (SELECT count(*)::int FROM collections c WHERE c.account_id = a.id AND NOT c.deleted) AS count
    FROM accounts a WHERE a.id = $1`;
  return (await sql.rows<HierarchyPosition>("collections.hierarchy", text, [accountId]))[0];
}

/** Takes the account's row for the rest of the transaction: one hierarchy change at a time. */
export async function lockHierarchy(sql: Sql, accountId: string): Promise<void> {
  const text = "SELECT id FROM accounts WHERE id = $1 FOR UPDATE";
  await sql.rows("collections.lock", text, [accountId]);
}

/** Keeps the new revision and the next free serial. */
export async function putHierarchy(
  sql: Sql,
  accountId: string,
  position: Omit<HierarchyPosition, "count">,
): Promise<void> {
  const text = "UPDATE accounts SET hierarchy_revision = $2, next_serial = $3 WHERE id = $1";
  await sql.rows("collections.put-hierarchy", text, [
    accountId,
    position.revision,
    position.nextSerial,
  ]);
}

/** All folders and tombstones of an account, by serial. */
export async function listCollections(sql: Sql, accountId: string): Promise<CollectionRow[]> {
  const text = `SELECT ${columns} FROM collections WHERE account_id = $1 ORDER BY serial`;
  return await sql.rows<CollectionRow>("collections.list", text, [accountId]);
}

/** The folders of these serials, tombstones left out. */
export async function listCollectionsOf(
  sql: Sql,
  accountId: string,
  serials: readonly number[],
): Promise<CollectionRow[]> {
  const text = `SELECT ${columns} FROM collections
    WHERE account_id = $1 AND serial = ANY($2::int[]) AND NOT deleted ORDER BY serial`;
  return await sql.rows<CollectionRow>("collections.list-of", text, [accountId, serials]);
}

/** Folders and tombstones of a range of serials that changed after a revision. */
export async function listChangedCollections(
  sql: Sql,
  accountId: string,
  range: { readonly low: number; readonly high: number; readonly since: bigint },
): Promise<CollectionRow[]> {
  const text = `SELECT ${columns} FROM collections
    WHERE account_id = $1 AND serial BETWEEN $2::bigint AND $3::bigint AND revision > $4 ORDER BY serial`;
  const values = [accountId, range.low, range.high, range.since];
  return await sql.rows<CollectionRow>("collections.list-changed", text, values);
}

/** One folder; undefined when unknown or deleted. */
export async function findCollection(
  sql: Sql,
  accountId: string,
  serial: number,
): Promise<FoundCollection | undefined> {
  const text = `SELECT ${columns}, EXISTS (SELECT FROM aliases a
        WHERE a.account_id = c.account_id AND a.collection = c.serial AND a.epoch = c.epoch) AS aliased,
      EXISTS (SELECT FROM follow_ups f WHERE f.account_id = c.account_id AND f.collection = c.serial
        AND f.epoch = c.epoch AND f.flag IS NOT NULL) AS followed
    FROM collections c WHERE account_id = $1 AND serial = $2 AND NOT deleted`;
  return (await sql.rows<FoundCollection>("collections.find", text, [accountId, serial]))[0];
}

/** Inserts or replaces folders in one statement. */
export async function putCollections(
  sql: Sql,
  accountId: string,
  rows: readonly CollectionRow[],
): Promise<void> {
  const text = `INSERT INTO collections (account_id, serial, path, parent_serial, display_name, type, class,
      selectable, epoch, remote_key, next_uid, revision, deleted)
    SELECT $1::bigint, r.* FROM unnest($2::int[], $3::text[], $4::int[], $5::text[], $6::smallint[], $7::text[],
      $8::boolean[], $9::text[], $10::text[], $11::bigint[], $12::bigint[], $13::boolean[]) AS r
    ON CONFLICT (account_id, serial) DO UPDATE SET path = excluded.path,
      parent_serial = excluded.parent_serial, display_name = excluded.display_name,
      type = excluded.type, class = excluded.class, selectable = excluded.selectable,
      epoch = excluded.epoch, remote_key = excluded.remote_key, next_uid = excluded.next_uid,
      revision = excluded.revision, deleted = excluded.deleted`;
  await sql.rows("collections.put", text, [accountId, ...columnsOf(rows)]);
}

function columnsOf(rows: readonly CollectionRow[]): readonly (readonly unknown[])[] {
  return [
    rows.map((row) => row.serial),
    rows.map((row) => row.path),
    rows.map((row) => row.parentSerial),
    rows.map((row) => row.displayName),
    rows.map((row) => row.type),
    rows.map((row) => row.class),
    rows.map((row) => row.selectable),
    rows.map((row) => row.epoch),
    rows.map((row) => row.remoteKey),
    rows.map((row) => row.nextUid),
    rows.map((row) => row.revision),
    rows.map((row) => row.deleted),
  ];
}
