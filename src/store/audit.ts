/** Table `audit`: what happened to accounts and devices, for the operator. */
import type { Sql } from "./sql.ts";

/** Something that happened. */
export interface AuditEvent {
  readonly accountId: string;
  /** Row id of the device; undefined when it is the account's. */
  readonly deviceId: string | undefined;
  readonly at: Date;
  /** What, in words that stay ("device created"). */
  readonly event: string;
  /** Never contents or credentials. */
  readonly details: Readonly<Record<string, string | number | boolean>>;
}

/** Writes down what happened. */
export async function addAudit(sql: Sql, event: AuditEvent): Promise<void> {
  const { accountId, deviceId, at, details } = event;
  await sql.rows(
    "audit.add",
    "INSERT INTO audit (account_id, device_id, at, event, details) VALUES ($1, $2, $3, $4, $5)",
    [accountId, deviceId, at, event.event, JSON.stringify(details)],
  );
}

/** The newest events of a device, newest first. */
export async function listAudit(sql: Sql, deviceId: string, limit: number): Promise<AuditEvent[]> {
  const text = `SELECT account_id::text AS "accountId", device_id::text AS "deviceId", at, event, details
    FROM audit WHERE device_id = $1 ORDER BY id DESC LIMIT $2`;
  return sql.rows<AuditEvent>("audit.list", text, [deviceId, limit]);
}
