/** What is kept of mails beside their flags: rows of `verbs` and `follow_ups` in one question. */
import type { FollowUpRow } from "./follow-ups.ts";
import type { Sql } from "./sql.ts";
import type { VerbRow, VerbScope } from "./verbs.ts";

/** Which mails are asked for. */
export interface KeptOf {
  /** Those that were answered or forwarded. */
  readonly done: readonly number[];
  /** Those that may have a flag. */
  readonly flagged: readonly number[];
}

/** The rows of these mails. */
export interface KeptRows {
  readonly verbs: readonly VerbRow[];
  readonly followUps: readonly FollowUpRow[];
}

type Row = (VerbRow & { readonly marked: null }) | (FollowUpRow & { readonly verb: null });

const none: KeptRows = { verbs: [], followUps: [] };

/** The rows of these mails; nothing is asked where there are no mails. */
export async function listKept(
  sql: Sql,
  { accountId, serial, epoch }: VerbScope,
  { done, flagged }: KeptOf,
): Promise<KeptRows> {
  if (done.length === 0 && flagged.length === 0) return none;
  const text = `SELECT number::float8 AS number, verb, executed, stamp,
      NULL::jsonb AS flag, NULL::integer AS revision, NULL::boolean AS marked
    FROM verbs WHERE account_id = $1 AND collection = $2 AND epoch = $3 AND number = ANY($4::bigint[])
    UNION ALL
    SELECT number::float8, NULL, NULL, NULL, flag, revision, marked
    FROM follow_ups WHERE account_id = $1 AND collection = $2 AND epoch = $3 AND number = ANY($5::bigint[])`;
  const values = [accountId, serial, epoch, done, flagged];
  const rows = await sql.rows<Row>("kept.list", text, values);
  return { verbs: rows.filter(isVerb), followUps: rows.filter((row) => !isVerb(row)) };
}

function isVerb(row: Row): row is Extract<Row, VerbRow> {
  return row.verb !== null;
}
