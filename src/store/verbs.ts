/** Table `verbs`: what was done last with a mail, when a device of ours did it (MS-ASEMAIL 2.2.2.44, 2.2.2.45). */
import type { Sql } from "./sql.ts";

/** Names the mails of one collection in one epoch. */
export interface VerbScope {
  readonly accountId: string;
  readonly serial: number;
  readonly epoch: string;
}

/** What was done with a mail. */
export interface VerbRow {
  readonly number: number;
  /** 1 reply to the sender, 2 reply to all, 3 forward. */
  readonly verb: 1 | 2 | 3;
  readonly executed: Date;
  /** 1 to 7, another one at each change. */
  readonly stamp: number;
}

const columns = "number::float8 AS number, verb, executed, stamp";

/** The rows of these mails. */
export async function listVerbs(
  sql: Sql,
  { accountId, serial, epoch }: VerbScope,
  numbers: readonly number[],
): Promise<VerbRow[]> {
  const text = `SELECT ${columns} FROM verbs WHERE account_id = $1 AND collection = $2 AND epoch = $3
    AND number = ANY($4::bigint[])`;
  return await sql.rows<VerbRow>("verbs.list", text, [accountId, serial, epoch, numbers]);
}

/** Writes what was done, unless it or something later is known; rows of former epochs name nothing. */
export async function putVerb(
  sql: Sql,
  { accountId, serial, epoch }: VerbScope,
  { number, verb, executed }: Omit<VerbRow, "stamp">,
): Promise<void> {
  const text = `WITH void AS (DELETE FROM verbs
      WHERE account_id = $1 AND collection = $2 AND epoch <> $3)
    INSERT INTO verbs (account_id, collection, epoch, number, verb, executed, stamp)
    VALUES ($1, $2, $3, $4, $5, $6, 1)
    ON CONFLICT (account_id, collection, epoch, number) DO UPDATE SET verb = excluded.verb,
      executed = excluded.executed, stamp = verbs.stamp % 7 + 1
      WHERE excluded.executed > verbs.executed`;
  const values = [accountId, serial, epoch, number, verb, executed];
  await sql.rows("verbs.put", text, values);
}

/** Mails went to another folder: what was done with them goes along. */
export async function moveVerbs(
  sql: Sql,
  from: VerbScope,
  to: VerbScope,
  moved: readonly { readonly number: number; readonly newNumber: number }[],
): Promise<void> {
  const text = `WITH pairs AS (SELECT * FROM unnest($4::bigint[], $5::bigint[]) AS p (was, now)),
    taken AS (DELETE FROM verbs USING pairs
      WHERE account_id = $1 AND collection = $2 AND epoch = $3 AND number = was
      RETURNING now, verb, executed, stamp)
    INSERT INTO verbs (account_id, collection, epoch, number, verb, executed, stamp)
    SELECT $1, $6, $7, now, verb, executed, stamp FROM taken ON CONFLICT DO NOTHING`;
  const numbers = [moved.map(({ number }) => number), moved.map(({ newNumber }) => newNumber)];
  const values = [from.accountId, from.serial, from.epoch, ...numbers, to.serial, to.epoch];
  await sql.rows("verbs.move", text, values);
}
