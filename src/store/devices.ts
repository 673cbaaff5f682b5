/** Table `devices`: the partnership of an account with a device. */
import type { Sql } from "./sql.ts";

/** How far a device got with its policy. */
export type PolicyState = "none" | "requested" | "acknowledged" | "partly" | "refused" | "external";

/** Whether a device may use its account. */
export type Access = "allowed" | "blocked" | "quarantined";

/** DeviceInformation (MS-ASCMD 2.2.3.45) as the device last told it; null: never told. */
export interface InformationRow {
  readonly model: string | null;
  readonly friendlyName: string | null;
  readonly os: string | null;
  readonly osLanguage: string | null;
  readonly phoneNumber: string | null;
  readonly imei: string | null;
  readonly mobileOperator: string | null;
  readonly outboundSms: boolean | null;
}

/** What every request of a device tells about it. */
export interface DeviceIdentityRow {
  /** DeviceId in its canonical spelling. */
  readonly deviceId: string;
  readonly deviceType: string;
  readonly userAgent: string;
  readonly protocolVersion: string;
  readonly address: string;
}

/** A device of an account. */
export interface DeviceRow extends DeviceIdentityRow, InformationRow {
  readonly id: string;
  readonly accountId: string;
  readonly policyKey: bigint | null;
  readonly pendingPolicyKey: bigint | null;
  readonly policyState: PolicyState;
  readonly provisionedAt: Date | null;
  readonly access: Access;
  readonly transient: boolean;
  readonly firstSeen: Date;
  readonly lastSeen: Date;
  /** Versions on offer when the device last heard of them; null: before its first answer. */
  readonly offeredVersions: string | null;
}

/** A device with the account that it belongs to. */
export interface ListedDeviceRow extends DeviceRow {
  readonly domain: string;
  readonly login: string;
}

const columns = `d.id::text AS id, d.account_id::text AS "accountId", d.device_id AS "deviceId",
  d.device_type AS "deviceType", d.user_agent AS "userAgent", d.protocol_version AS "protocolVersion",
  d.address, d.model, d.friendly_name AS "friendlyName", d.os, d.os_language AS "osLanguage",
  d.phone_number AS "phoneNumber", d.imei, d.mobile_operator AS "mobileOperator",
  d.outbound_sms AS "outboundSms", d.policy_key AS "policyKey", d.pending_policy_key AS "pendingPolicyKey",
  d.policy_state AS "policyState", d.provisioned_at AS "provisionedAt", d.access, d.transient,
  d.first_seen AS "firstSeen", d.last_seen AS "lastSeen", d.offered_versions AS "offeredVersions"`;

/** The device of an account with this DeviceId; undefined when it never came. */
export async function findDevice(
  sql: Sql,
  accountId: string,
  deviceId: string,
): Promise<DeviceRow | undefined> {
  const text = `SELECT ${columns} FROM devices d WHERE d.account_id = $1 AND d.device_id = $2`;
  const [row] = await sql.rows<DeviceRow>("devices.find", text, [accountId, deviceId]);
  return row;
}

/** Makes a device; undefined when another request made it in between. */
export async function addDevice(
  sql: Sql,
  accountId: string,
  identity: DeviceIdentityRow & { readonly transient: boolean },
  at: Date,
): Promise<DeviceRow | undefined> {
  const text = `INSERT INTO devices AS d (account_id, device_id, device_type, user_agent, protocol_version,
      address, transient, first_seen, last_seen)
    VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $8)
    ON CONFLICT (account_id, device_id) DO NOTHING RETURNING ${columns}`;
  const { deviceId, deviceType, userAgent, protocolVersion, address, transient } = identity;
  const values = [
    accountId,
    deviceId,
    deviceType,
    userAgent,
    protocolVersion,
    address,
    transient,
    at,
  ];
  const [row] = await sql.rows<DeviceRow>("devices.add", text, values);
  return row;
}

/** Renews what the last request told, and when that was. */
export async function putSeen(
  sql: Sql,
  id: string,
  identity: DeviceIdentityRow,
  at: Date,
): Promise<void> {
  const text = `UPDATE devices SET device_type = $2, user_agent = $3, protocol_version = $4, address = $5,
    last_seen = $6 WHERE id = $1`;
  const { deviceType, userAgent, protocolVersion, address } = identity;
  await sql.rows("devices.seen", text, [id, deviceType, userAgent, protocolVersion, address, at]);
}

/** Keeps which versions the device knows to be on offer. */
export async function putOfferedVersions(sql: Sql, id: string, versions: string): Promise<void> {
  const text = "UPDATE devices SET offered_versions = $2 WHERE id = $1";
  await sql.rows("devices.offered", text, [id, versions]);
}

/** Devices of an account (undefined: of all), without probes, the last seen first. */
export async function listDevices(
  sql: Sql,
  accountId: string | undefined,
): Promise<ListedDeviceRow[]> {
  const text = `SELECT ${columns}, a.domain, a.login FROM devices d JOIN accounts a ON a.id = d.account_id
    WHERE NOT d.transient AND ($1::bigint IS NULL OR d.account_id = $1)
    ORDER BY d.last_seen DESC, d.id`;
  return sql.rows("devices.list", text, [accountId]);
}

/** The devices with this row id or DeviceId, which several accounts can have. */
export async function findDevicesNamed(sql: Sql, name: string): Promise<ListedDeviceRow[]> {
  const text = `SELECT ${columns}, a.domain, a.login FROM devices d JOIN accounts a ON a.id = d.account_id
    WHERE d.id::text = $1 OR d.device_id = $1 ORDER BY a.domain, a.login`;
  return sql.rows("devices.named", text, [name]);
}

/** Keeps what a device told of itself; what it left out (undefined) stays. */
export async function putInformationRow(
  sql: Sql,
  id: string,
  told: { readonly [Name in keyof InformationRow]: InformationRow[Name] | undefined },
): Promise<void> {
  const text = `UPDATE devices SET model = coalesce($2, model), friendly_name = coalesce($3, friendly_name),
    os = coalesce($4, os), os_language = coalesce($5, os_language),
    mobile_operator = coalesce($6, mobile_operator), phone_number = coalesce($7, phone_number),
    imei = coalesce($8, imei), outbound_sms = coalesce($9, outbound_sms)
    WHERE id = $1`;
  const { model, friendlyName, os, osLanguage, phoneNumber, imei } = told;
  const { mobileOperator, outboundSms } = told;
  const device = [id, model, friendlyName, os, osLanguage, mobileOperator];
  const values = [...device, phoneNumber, imei, outboundSms];
  await sql.rows("devices.information", text, values);
}

/** Keeps the key of phase 1; the key of before stays valid until phase 2. */
export async function putPendingPolicyKey(sql: Sql, id: string, key: number): Promise<void> {
  const text = `UPDATE devices SET pending_policy_key = $2, policy_state = 'requested' WHERE id = $1`;
  await sql.rows("devices.policy.pending", text, [id, key]);
}

/** Ends phase 2 of the pending key; false when that key is not pending (any more). */
export async function settlePolicy(
  sql: Sql,
  id: string,
  pendingKey: number,
  settled: { readonly state: PolicyState; readonly key: number | undefined; readonly at: Date },
): Promise<boolean> {
  const text = `UPDATE devices SET pending_policy_key = NULL, policy_key = $3, policy_state = $4,
    provisioned_at = CASE WHEN $3::bigint IS NULL THEN provisioned_at ELSE $5 END
    WHERE id = $1 AND pending_policy_key = $2 RETURNING id`;
  const values = [id, pendingKey, settled.key, settled.state, settled.at];
  return (await sql.rows("devices.policy.settle", text, values)).length > 0;
}

/** Which cached request of a device. */
export type CachedRequest = "ping_parameters" | "sync_request";

/** A cached request as it was put; undefined when there is none. */
export async function findRequest(sql: Sql, id: string, which: CachedRequest): Promise<unknown> {
  const text = `SELECT ${which} AS request FROM devices WHERE id = $1`;
  const [row] = await sql.rows<{ request: unknown }>(`devices.${which}`, text, [id]);
  return row?.request ?? undefined;
}

/** Keeps a request (undefined: forgets it); writes nothing when it is the same. */
export async function putRequest(
  sql: Sql,
  id: string,
  which: CachedRequest,
  request: unknown,
): Promise<void> {
  const text = `UPDATE devices SET ${which} = $2
    WHERE id = $1 AND ${which}::text IS DISTINCT FROM $2::json::text`;
  const value = request === undefined ? null : JSON.stringify(request);
  await sql.rows(`devices.${which}.put`, text, [id, value]);
}

/** Raises the number of the device's newest wait and gives it; undefined for a device that is gone. */
export async function raiseWaitEpoch(sql: Sql, id: string): Promise<bigint | undefined> {
  const text = `UPDATE devices SET wait_epoch = wait_epoch + 1 WHERE id = $1 RETURNING wait_epoch AS epoch`;
  const [row] = await sql.rows<{ epoch: bigint }>("devices.wait", text, [id]);
  return row?.epoch;
}

/** Keeps the sealed recovery password of a device; null forgets it. */
export async function putRecoveryPassword(
  sql: Sql,
  id: string,
  sealed: Buffer | null,
): Promise<void> {
  const text = "UPDATE devices SET recovery_password = $2 WHERE id = $1";
  await sql.rows("devices.put-recovery", text, [id, sealed]);
}

/** The sealed recovery password of a device; null: it gave none. */
export async function findRecoveryPassword(sql: Sql, id: string): Promise<Buffer | null> {
  const text = `SELECT recovery_password AS sealed FROM devices WHERE id = $1`;
  const [row] = await sql.rows<{ sealed: Buffer | null }>("devices.find-recovery", text, [id]);
  return row?.sealed ?? null;
}
