/** Table `skipped_items`: items that could not be shown to a device. */
import type { Sql } from "./sql.ts";

/** An item that was left out. */
export interface SkippedItem {
  readonly collectionId: string;
  readonly number: number;
  readonly reason: string;
  readonly at: Date;
}

/** Which device, of which account; row ids. */
export interface DeviceName {
  readonly id: string;
  readonly accountId: string;
}

/** Keeps a skipped item, unless the device has `limit` of them already. */
export async function putSkipped(
  sql: Sql,
  device: DeviceName,
  item: SkippedItem,
  limit: number,
): Promise<void> {
  const text = `INSERT INTO skipped_items AS s (account_id, device_id, collection_id, number, reason, at)
    SELECT $1::bigint, $2::bigint, $3::text, $4::bigint, $5::text, $6::timestamptz
    WHERE (SELECT count(*) FROM skipped_items WHERE device_id = $2) < $7
    ON CONFLICT (device_id, collection_id, number)
    DO UPDATE SET reason = excluded.reason, at = excluded.at`;
  const { collectionId, number, reason, at } = item;
  const values = [device.accountId, device.id, collectionId, number, reason, at, limit];
  await sql.rows("skipped.put", text, values);
}

/** The skipped items of a device, the newest first. */
export async function listSkipped(sql: Sql, deviceId: string): Promise<SkippedItem[]> {
  const text = `SELECT collection_id AS "collectionId", number::float8 AS number, reason, at
    FROM skipped_items WHERE device_id = $1 ORDER BY at DESC, collection_id, number`;
  return sql.rows("skipped.list", text, [deviceId]);
}
