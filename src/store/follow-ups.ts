/** Table `follow_ups`: what a device said of a mail's flag beside its status (MS-ASEMAIL 2.2.2.34). */
import type { Sql } from "./sql.ts";

/** Names the mails of one collection in one epoch. */
export interface FollowUpScope {
  readonly accountId: string;
  readonly serial: number;
  readonly epoch: string;
}

/** The flag of a mail. */
export interface FollowUpRow {
  readonly number: number;
  /** JSON of the Flag element; null: there is nothing to say. */
  readonly flag: Readonly<Record<string, unknown>> | null;
  readonly revision: number;
  /** Whether the mail server was told of it. */
  readonly marked: boolean;
}

const columns = "number::float8 AS number, flag, revision, marked";
const inScope = "account_id = $1 AND collection = $2 AND epoch = $3";

function valuesOf({ accountId, serial, epoch }: FollowUpScope): readonly unknown[] {
  return [accountId, serial, epoch];
}

/** The rows of these mails. */
export async function listFollowUps(
  sql: Sql,
  scope: FollowUpScope,
  numbers: readonly number[],
): Promise<FollowUpRow[]> {
  const text = `SELECT ${columns} FROM follow_ups WHERE ${inScope} AND number = ANY($4::bigint[])`;
  return await sql.rows<FollowUpRow>("follow-ups.list", text, [...valuesOf(scope), numbers]);
}

/**
 * Writes a mail's flag: a change counts one up and is not marked yet, the same once more stays as it is. A flag
 * without anything to say makes no row where there is none. Rows of former epochs name nothing and go.
 */
export async function putFollowUp(
  sql: Sql,
  scope: FollowUpScope,
  { number, flag }: Pick<FollowUpRow, "number" | "flag">,
): Promise<FollowUpRow | undefined> {
  const text = `WITH void AS (DELETE FROM follow_ups
      WHERE account_id = $1 AND collection = $2 AND epoch <> $3),
    changed AS (INSERT INTO follow_ups (account_id, collection, epoch, number, flag, revision, marked)
      SELECT $1::bigint, $2::int, $3::text, $4::bigint, $5::jsonb, 1, false
        WHERE $5::jsonb IS NOT NULL
          OR EXISTS (SELECT FROM follow_ups WHERE ${inScope} AND number = $4::bigint)
      ON CONFLICT (account_id, collection, epoch, number) DO UPDATE
        SET flag = excluded.flag, revision = follow_ups.revision + 1, marked = false
        WHERE follow_ups.flag IS DISTINCT FROM excluded.flag
      RETURNING ${columns})
    SELECT * FROM changed
    UNION ALL
    SELECT ${columns} FROM follow_ups
      WHERE ${inScope} AND number = $4::bigint AND NOT EXISTS (SELECT FROM changed)`;
  const json = flag === null ? null : JSON.stringify(flag);
  const values = [...valuesOf(scope), number, json];
  return (await sql.rows<FollowUpRow>("follow-ups.put", text, values))[0];
}

/** The mail server knows of these mails' flags now. */
export async function markFollowUps(
  sql: Sql,
  scope: FollowUpScope,
  numbers: readonly number[],
): Promise<void> {
  const text = `UPDATE follow_ups SET marked = true
    WHERE ${inScope} AND number = ANY($4::bigint[]) AND NOT marked`;
  await sql.rows("follow-ups.mark", text, [...valuesOf(scope), numbers]);
}

/**
 * These flags are cleared: what was said of them is over. When `seen` so on the mail server, what is just being
 * set stays.
 */
export async function clearFollowUps(
  sql: Sql,
  scope: FollowUpScope,
  { numbers, seen }: { readonly numbers: readonly number[]; readonly seen: boolean },
): Promise<void> {
  const text = `UPDATE follow_ups SET flag = NULL, revision = revision + 1, marked = true
    WHERE ${inScope} AND number = ANY($4::bigint[]) AND (marked OR NOT $5::boolean) AND flag IS NOT NULL`;
  await sql.rows("follow-ups.clear", text, [...valuesOf(scope), numbers, seen]);
}

/** What is in these ranges went for good. */
export async function removeFollowUps(
  sql: Sql,
  scope: FollowUpScope,
  ranges: readonly { readonly low: number; readonly high: number }[],
): Promise<void> {
  const text = `DELETE FROM follow_ups f USING unnest($4::bigint[], $5::bigint[]) AS r (low, high)
    WHERE account_id = $1 AND collection = $2 AND epoch = $3 AND f.number BETWEEN r.low AND r.high`;
  const bounds = [ranges.map(({ low }) => low), ranges.map(({ high }) => high)];
  await sql.rows("follow-ups.remove", text, [...valuesOf(scope), ...bounds]);
}

/** Takes the flags of mails along to where they were moved; a number that has a flag there keeps it. */
export async function moveFollowUps(
  sql: Sql,
  scope: FollowUpScope,
  to: Omit<FollowUpScope, "accountId"> & {
    readonly moved: readonly { readonly number: number; readonly newNumber: number }[];
  },
): Promise<void> {
  const text = `WITH gone AS (DELETE FROM follow_ups WHERE ${inScope} AND number = ANY($4::bigint[])
      RETURNING number, flag, revision)
    INSERT INTO follow_ups (account_id, collection, epoch, number, flag, revision, marked)
    SELECT $1::bigint, $5::int, $6::text, m.new_number, g.flag, g.revision, true
      FROM gone g JOIN unnest($4::bigint[], $7::bigint[]) AS m (number, new_number) USING (number)
    ON CONFLICT DO NOTHING`;
  const numbers = to.moved.map(({ number }) => number);
  const newNumbers = to.moved.map(({ newNumber }) => newNumber);
  const values = [...valuesOf(scope), numbers, to.serial, to.epoch, newNumbers];
  await sql.rows("follow-ups.move", text, values);
}
