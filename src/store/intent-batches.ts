/** Table `intents`, many rows of one device and kind at a time: effects on several items of one request. */
import type { IntentName, IntentRow, Lease } from "./intents.ts";
import type { Sql } from "./sql.ts";

/** Whose intents, and of what kind. */
export type IntentOwner = Pick<IntentName, "accountId" | "deviceId" | "kind">;

/** An intent with the name that it has among its owner's. */
export interface NamedIntent<Target>
  extends IntentRow<Target>, Pick<IntentName, "clientKey" | "fingerprint"> {}

/** An intent that is not yet written. */
export interface NewIntent<Target> extends Pick<IntentName, "clientKey" | "fingerprint"> {
  readonly target: Target;
}

const columns = `id::text AS id, state, client_key AS "clientKey", fingerprint, target,
  lease_until AS "leaseUntil", created`;

/** The intents under these client keys: more than one under a key when the contents differ. */
export async function listIntentsOf<Target>(
  sql: Sql,
  owner: IntentOwner,
  clientKeys: readonly string[],
): Promise<NamedIntent<Target>[]> {
  const text = `SELECT ${columns} FROM intents
    WHERE device_id = $1 AND kind = $2 AND client_key = ANY($3::text[]) AND account_id = $4 ORDER BY id`;
  const values = [owner.deviceId, owner.kind, clientKeys, owner.accountId];
  return await sql.rows<NamedIntent<Target>>("intents.list-of", text, values);
}

/** Writes new intents in state `accepted`; those that somebody else wrote just now are left out of the result. */
export async function addIntents<Target>(
  sql: Sql,
  owner: IntentOwner,
  added: {
    readonly intents: readonly NewIntent<Target>[];
    readonly lease: Lease;
    readonly nowMs: number;
  },
): Promise<NamedIntent<Target>[]> {
  // In one order everywhere: two requests that write the same keys must not wait for each other.
  const text = `INSERT INTO intents (account_id, device_id, kind, state, lease_until, lease_token, created,
      client_key, fingerprint, target)
    SELECT $1::bigint, $2::bigint, $3, 'accepted', $4::timestamptz, $5::uuid, $6::timestamptz, r.*
      FROM (SELECT key, fingerprint, target::jsonb
        FROM unnest($7::text[], $8::bytea[], $9::text[]) AS u (key, fingerprint, target) ORDER BY 1, 2) AS r
    ON CONFLICT (device_id, kind, client_key, fingerprint) DO NOTHING RETURNING ${columns}`;
  const { intents, lease, nowMs } = added;
  const times = [new Date(lease.untilMs), lease.token, new Date(nowMs)];
  const names = [intents.map((each) => each.clientKey), intents.map((each) => each.fingerprint)];
  const targets = intents.map((each) => JSON.stringify(each.target));
  const values = [owner.accountId, owner.deviceId, owner.kind, ...times, ...names, targets];
  return await sql.rows<NamedIntent<Target>>("intents.add-many", text, values);
}

/** Takes those of these intents that are `accepted` and that nobody works on. */
export async function takeIntents<Target>(
  sql: Sql,
  ids: readonly string[],
  lease: Lease & { readonly nowMs: number },
): Promise<NamedIntent<Target>[]> {
  const text = `UPDATE intents SET lease_until = $2, lease_token = $3
    WHERE id = ANY($1::bigint[]) AND state = 'accepted' AND lease_until <= $4 RETURNING ${columns}`;
  const values = [ids, new Date(lease.untilMs), lease.token, new Date(lease.nowMs)];
  return await sql.rows<NamedIntent<Target>>("intents.take-many", text, values);
}

/** The effects happened: keeps what became of them. */
export async function finishIntents(
  sql: Sql,
  finished: readonly { readonly id: string; readonly target: unknown }[],
): Promise<void> {
  const text = `UPDATE intents SET state = 'done', target = f.target::jsonb
    FROM unnest($1::bigint[], $2::text[]) AS f (id, target) WHERE intents.id = f.id`;
  const targets = finished.map((each) => JSON.stringify(each.target));
  await sql.rows("intents.finish", text, [finished.map((each) => each.id), targets]);
}

/** Whether somebody is at work on an edit of an account's draft: its new version may be there, its alias not yet. */
export async function hasOpenEdit(sql: Sql, accountId: string, nowMs: number): Promise<boolean> {
  const text = `SELECT 1 FROM intents WHERE account_id = $1 AND kind = 'change' AND state = 'accepted'
      AND lease_until > $2 LIMIT 1`;
  return (await sql.rows("intents.open-edit", text, [accountId, new Date(nowMs)])).length > 0;
}
