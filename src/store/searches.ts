/** Table `searches`: what the last search of each device found. */
import type { DeviceName } from "./skipped-items.ts";
import type { Sql } from "./sql.ts";

/** A result set. */
export interface SearchRow {
  /** Hash of a Find's SearchId; null for a Search. */
  readonly searchId: string | null;
  /** Hash of what was looked for and where. */
  readonly query: string;
  readonly at: Date;
  readonly total: number;
  /** Whether all that was to be looked through was. */
  readonly isWhole: boolean;
  /** The newest mails first. */
  readonly longIds: readonly string[];
}

/** The result set of a device's last search. */
export async function findSearch(sql: Sql, deviceId: string): Promise<SearchRow | undefined> {
  const text = `SELECT search_id AS "searchId", query, at, total, is_whole AS "isWhole", long_ids AS "longIds"
    FROM searches WHERE device_id = $1`;
  return (await sql.rows<SearchRow>("searches.find", text, [deviceId]))[0];
}

/** Keeps a result set in the place of the device's last one. */
export async function putSearch(sql: Sql, device: DeviceName, row: SearchRow): Promise<void> {
  const text = `INSERT INTO searches (device_id, account_id, search_id, query, at, total, is_whole, long_ids)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
    ON CONFLICT (device_id) DO UPDATE SET search_id = excluded.search_id, query = excluded.query,
      at = excluded.at, total = excluded.total, is_whole = excluded.is_whole,
      long_ids = excluded.long_ids`;
  const found = [row.searchId, row.query, row.at, row.total, row.isWhole, row.longIds];
  await sql.rows("searches.put", text, [device.id, device.accountId, ...found]);
}
