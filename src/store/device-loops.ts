/** Table `device_loops`: what a device does over and over without getting on. */
import type { DeviceName } from "./skipped-items.ts";
import type { Sql } from "./sql.ts";

/** A kind of loop that a device was seen in. */
export interface DeviceLoopRow {
  readonly kind: string;
  /** What the device got last; null where it was no failure. */
  readonly status: number | null;
  /** How often it was seen. */
  readonly count: number;
  readonly firstAt: Date;
  readonly lastAt: Date;
}

/** Counts a loop. */
export async function putDeviceLoop(
  sql: Sql,
  device: DeviceName,
  loop: { readonly kind: string; readonly status: number | undefined; readonly at: Date },
): Promise<void> {
  const text = `INSERT INTO device_loops AS l (account_id, device_id, kind, status, count, first_at, last_at)
    VALUES ($1, $2, $3, $4, 1, $5, $5)
    ON CONFLICT (device_id, kind)
    DO UPDATE SET status = excluded.status, count = l.count + 1, last_at = excluded.last_at`;
  const values = [device.accountId, device.id, loop.kind, loop.status, loop.at];
  await sql.rows("loops.put", text, values);
}

/** The loops of a device, the last seen first. */
export async function listDeviceLoops(sql: Sql, deviceId: string): Promise<DeviceLoopRow[]> {
  const text = `SELECT kind, status, count, first_at AS "firstAt", last_at AS "lastAt"
    FROM device_loops WHERE device_id = $1 ORDER BY last_at DESC, kind`;
  return sql.rows("loops.list", text, [deviceId]);
}
