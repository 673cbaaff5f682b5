/** Table `aliases`: items that have another UID on the server than the number that devices know. */
import type { Sql } from "./sql.ts";

/** Devices say `number`, the server says `uid`. */
export interface AliasRow {
  readonly number: number;
  readonly uid: number;
}

/** Names the aliases of one collection in one epoch. */
export interface AliasScope {
  readonly accountId: string;
  readonly serial: number;
  readonly epoch: string;
}

/** All aliases of a collection, by number. */
export async function listAliases(sql: Sql, scope: AliasScope): Promise<AliasRow[]> {
  const text = `SELECT number::float8 AS number, uid::float8 AS uid FROM aliases
    WHERE account_id = $1 AND collection = $2 AND epoch = $3 ORDER BY number`;
  return await sql.rows<AliasRow>("aliases.list", text, [
    scope.accountId,
    scope.serial,
    scope.epoch,
  ]);
}

/** From now on `alias.number` is `alias.uid` on the server. */
export async function putAlias(sql: Sql, scope: AliasScope, alias: AliasRow): Promise<void> {
  const text = `INSERT INTO aliases (account_id, collection, epoch, number, uid) VALUES ($1, $2, $3, $4, $5)
    ON CONFLICT (account_id, collection, epoch, number) DO UPDATE SET uid = excluded.uid`;
  const { accountId, serial, epoch } = scope;
  await sql.rows("aliases.put", text, [accountId, serial, epoch, alias.number, alias.uid]);
}
