/** Table `aliases`: items that have another UID on the server than the number that devices know. */
import type { Sql } from "./sql.ts";

/** Devices say `number`, the server says `uid`. */
export interface AliasRow {
  readonly number: number;
  readonly uid: number;
  /** Row id of the device that made this version. */
  readonly editor: string | null;
  /** Sections of now by "uid:section" of an earlier version. */
  readonly parts: Readonly<Record<string, string>>;
}

/** Number of the row that says that others, of items that are gone, were removed: no item has it. */
export const prunedMark = 0;

/** Names the aliases of one collection in one epoch. */
export interface AliasScope {
  readonly accountId: string;
  readonly serial: number;
  readonly epoch: string;
}

/** All aliases of a collection, by number; the first one may be the mark of removed ones. */
export async function listAliases(sql: Sql, scope: AliasScope): Promise<AliasRow[]> {
  const text = `SELECT number::float8 AS number, uid::float8 AS uid, editor::text AS editor, parts FROM aliases
    WHERE account_id = $1 AND collection = $2 AND epoch = $3 ORDER BY number`;
  return await sql.rows<AliasRow>("aliases.list", text, [
    scope.accountId,
    scope.serial,
    scope.epoch,
  ]);
}

/** From now on `alias.number` is `alias.uid` on the server. False: it is no longer `from`, and nothing changes. */
export async function moveAlias(
  sql: Sql,
  scope: AliasScope,
  { from, ...alias }: AliasRow & { readonly from: number },
): Promise<boolean> {
  const text = `INSERT INTO aliases (account_id, collection, epoch, number, uid, editor, parts)
      VALUES ($1, $2, $3, $4, $5, $6, $7)
    ON CONFLICT (account_id, collection, epoch, number)
      DO UPDATE SET uid = excluded.uid, editor = excluded.editor, parts = excluded.parts
      WHERE aliases.uid = $8 RETURNING number`;
  const { accountId, serial, epoch } = scope;
  const { number, uid, editor, parts } = alias;
  const values = [accountId, serial, epoch, number, uid, editor, JSON.stringify(parts), from];
  return (await sql.rows("aliases.move", text, values)).length > 0;
}

/** Removes the aliases of items that are gone, as far as they still are those, and leaves the mark. */
export async function removeAliases(
  sql: Sql,
  { accountId, serial, epoch }: AliasScope,
  gone: readonly Pick<AliasRow, "number" | "uid">[],
): Promise<void> {
  const text = `WITH removed AS (DELETE FROM aliases WHERE account_id = $1 AND collection = $2 AND epoch = $3
      AND (number, uid) IN (SELECT * FROM unnest($4::bigint[], $5::bigint[])))
    INSERT INTO aliases (account_id, collection, epoch, number, uid) VALUES ($1, $2, $3, ${prunedMark}, ${prunedMark})
    ON CONFLICT (account_id, collection, epoch, number) DO NOTHING`;
  const numbers = gone.map(({ number }) => number);
  const uids = gone.map(({ uid }) => uid);
  await sql.rows("aliases.remove", text, [accountId, serial, epoch, numbers, uids]);
}
