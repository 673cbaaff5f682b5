/**
 * Table `intents`: effects outside the database, written down before they begin. Times are the caller's
 * (milliseconds since 1970): who works on an intent holds its lease and renews it.
 */
import type { Sql } from "./sql.ts";

/**
 * How far an intent went. `accepted`: unknown without a lease; `sent`: not yet filed; `filed` (mails that are
 * sent) and `done` (everything else): nothing is left to do.
 */
export type IntentState = "accepted" | "sent" | "filed" | "done";

/** What names an intent: the same key and contents again is the same intent. */
export interface IntentName {
  readonly accountId: string;
  readonly deviceId: string;
  readonly kind: string;
  readonly clientKey: string;
  /** Hash of the contents. */
  readonly fingerprint: Buffer;
}

/** Who works on an intent, and until when others may trust in that. */
export interface Lease {
  readonly token: string;
  readonly untilMs: number;
}

/** One intent. `target`: what its kind needs to go on or to recognise its own effect. */
export interface IntentRow<Target> {
  readonly id: string;
  readonly state: IntentState;
  readonly fingerprint: Buffer;
  readonly target: Target;
  readonly leaseUntil: Date;
  readonly created: Date;
}

const columns = `id::text AS id, state, fingerprint, target, lease_until AS "leaseUntil", created`;

/** All intents of a device under one client key: more than one when the contents differ. */
export async function listIntents<Target>(
  sql: Sql,
  name: Omit<IntentName, "fingerprint">,
): Promise<IntentRow<Target>[]> {
  const text = `SELECT ${columns} FROM intents
    WHERE device_id = $1 AND kind = $2 AND client_key = $3 AND account_id = $4 ORDER BY id`;
  const values = [name.deviceId, name.kind, name.clientKey, name.accountId];
  return await sql.rows<IntentRow<Target>>("intents.list", text, values);
}

/** The targets of all intents of a kind whose effect may be under way, oldest first. */
export async function listOpenTargets<Target>(
  sql: Sql,
  accountId: string,
  kind: string,
): Promise<Target[]> {
  const text = `SELECT target FROM intents
    WHERE account_id = $1 AND kind = $2 AND state = 'accepted' ORDER BY id`;
  const rows = await sql.rows<{ target: Target }>("intents.open-targets", text, [accountId, kind]);
  return rows.map(({ target }) => target);
}

/** One intent as it stands; undefined when it is gone. */
export async function findIntent<Target>(
  sql: Sql,
  id: string,
): Promise<IntentRow<Target> | undefined> {
  const text = `SELECT ${columns} FROM intents WHERE id = $1`;
  return (await sql.rows<IntentRow<Target>>("intents.find", text, [id]))[0];
}

/** Writes a new intent in state `accepted`; undefined when somebody else wrote it just now. */
export async function addIntent<Target>(
  sql: Sql,
  name: IntentName,
  intent: { readonly target: Target; readonly lease: Lease; readonly nowMs: number },
): Promise<IntentRow<Target> | undefined> {
  const text = `INSERT INTO intents (account_id, device_id, kind, client_key, fingerprint, state, target,
      lease_until, lease_token, created) VALUES ($1, $2, $3, $4, $5, 'accepted', $6, $7, $8, $9)
    ON CONFLICT (device_id, kind, client_key, fingerprint) DO NOTHING RETURNING ${columns}`;
  const { accountId, deviceId, kind, clientKey, fingerprint } = name;
  const lease = [new Date(intent.lease.untilMs), intent.lease.token, new Date(intent.nowMs)];
  const target = JSON.stringify(intent.target);
  const values = [accountId, deviceId, kind, clientKey, fingerprint, target, ...lease];
  return (await sql.rows<IntentRow<Target>>("intents.add", text, values))[0];
}

/** Takes an intent that nobody works on and that still is in `state`; undefined: not to be had. */
export async function takeIntent<Target>(
  sql: Sql,
  wanted: { readonly id: string; readonly state: IntentState },
  lease: Lease & { readonly nowMs: number },
): Promise<IntentRow<Target> | undefined> {
  const text = `UPDATE intents SET lease_until = $3, lease_token = $4
    WHERE id = $1 AND state = $2 AND lease_until <= $5 RETURNING ${columns}`;
  const times = [new Date(lease.untilMs), lease.token, new Date(lease.nowMs)];
  return (
    await sql.rows<IntentRow<Target>>("intents.take", text, [wanted.id, wanted.state, ...times])
  )[0];
}

/** An intent is tried once more: it is what this attempt says. */
export async function renewIntent(
  sql: Sql,
  id: string,
  { target, created }: { readonly target: object; readonly created: Date },
): Promise<void> {
  const text = "UPDATE intents SET target = target || $2::jsonb, created = $3 WHERE id = $1";
  await sql.rows("intents.renew", text, [id, JSON.stringify(target), created]);
}

/** An intent keeps what is left to do, and names nothing any more: the same again is another one. */
export async function retireIntent(sql: Sql, id: string): Promise<void> {
  const text = "UPDATE intents SET client_key = client_key || ' ' || id WHERE id = $1";
  await sql.rows("intents.retire", text, [id]);
}

/** Holds intents longer, or gives them back (a time that has passed); those that are another's by now stay his. */
export async function holdIntents(sql: Sql, ids: readonly string[], lease: Lease): Promise<void> {
  const text = `UPDATE intents SET lease_until = $3 WHERE id = ANY($1::bigint[]) AND lease_token = $2`;
  await sql.rows("intents.hold", text, [ids, lease.token, new Date(lease.untilMs)]);
}

/** The effect happened: whoever saw it says so, lease or not. A pending mail is dropped once filed. */
export async function advanceIntent(sql: Sql, id: string, state: IntentState): Promise<void> {
  const text = `UPDATE intents SET state = $2,
      pending_mime = CASE WHEN $2 = 'filed' THEN NULL ELSE pending_mime END
    WHERE id = $1 AND state <> 'filed'`;
  await sql.rows("intents.advance", text, [id, state]);
}

/** Keeps a sent mail until it is filed, and gives the intent back until `notBeforeMs`. */
export async function putPendingMime(
  sql: Sql,
  id: string,
  pending: { readonly mime: Buffer; readonly notBeforeMs: number },
): Promise<void> {
  const text = `UPDATE intents SET pending_mime = $2, lease_until = $3 WHERE id = $1 AND state = 'sent'`;
  await sql.rows("intents.put-pending", text, [id, pending.mime, new Date(pending.notBeforeMs)]);
}

/** Takes the oldest sent mail of an account that waits for being filed and that nobody works on. */
export async function takePendingMime<Target>(
  sql: Sql,
  accountId: string,
  lease: Lease & { readonly nowMs: number },
): Promise<(IntentRow<Target> & { readonly mime: Buffer }) | undefined> {
  const text = `UPDATE intents SET lease_until = $2, lease_token = $3
    WHERE id = (SELECT id FROM intents WHERE account_id = $1 AND pending_mime IS NOT NULL
      AND state = 'sent' AND lease_until <= $4 ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
    RETURNING ${columns}, pending_mime AS mime`;
  const values = [accountId, new Date(lease.untilMs), lease.token, new Date(lease.nowMs)];
  const rows = await sql.rows<IntentRow<Target> & { mime: Buffer }>(
    "intents.take-pending",
    text,
    values,
  );
  return rows[0];
}

/** Whether an account still has sent mail that waits for being filed. */
export async function hasPendingMime(sql: Sql, accountId: string): Promise<boolean> {
  const text = "SELECT 1 FROM intents WHERE account_id = $1 AND pending_mime IS NOT NULL LIMIT 1";
  return (await sql.rows("intents.has-pending", text, [accountId])).length > 0;
}

/** The accounts that have sent mail waiting for being filed. */
export async function listPendingAccounts(sql: Sql): Promise<string[]> {
  const text = `SELECT DISTINCT account_id::text AS id FROM intents WHERE pending_mime IS NOT NULL`;
  return (await sql.rows<{ id: string }>("intents.pending-accounts", text)).map((row) => row.id);
}

/** Removes at most `limit` intents that are older; gives those that still held a mail to be filed. */
export async function removeIntentsBefore(
  sql: Sql,
  beforeMs: number,
  limit: number,
): Promise<{ accountId: string; unfiled: boolean }[]> {
  const text = `DELETE FROM intents WHERE id IN (SELECT id FROM intents WHERE created < $1
      ORDER BY created LIMIT $2 FOR UPDATE SKIP LOCKED)
    RETURNING account_id::text AS "accountId", pending_mime IS NOT NULL AS unfiled`;
  return await sql.rows("intents.remove-before", text, [new Date(beforeMs), limit]);
}

/** Removes intents: the same request again shall be a new one. */
export async function removeIntents(sql: Sql, ids: readonly string[]): Promise<void> {
  await sql.rows("intents.remove", "DELETE FROM intents WHERE id = ANY($1::bigint[])", [ids]);
}
