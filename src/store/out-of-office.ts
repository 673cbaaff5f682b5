/** Tables `out_of_office` and `out_of_office_messages`: what an account answers while its user is away. */
import type { Sql } from "./sql.ts";

/** To whom an answer goes (MS-ASCMD 2.2.3.123). */
export type Audience = "internal" | "externalKnown" | "externalUnknown";

/** The answer for one audience. */
export interface OutOfOfficeMessageRow {
  readonly audience: Audience;
  readonly enabled: boolean;
  readonly bodyType: "Text" | "HTML";
  /** "": none. */
  readonly reply: string;
}

/** Whether, when and what an account answers. */
export interface OutOfOfficeRow {
  /** 0 off, 1 on, 2 between `startAt` and `endAt`, which may be told later. */
  readonly state: 0 | 1 | 2;
  readonly startAt: Date | null;
  readonly endAt: Date | null;
  readonly messages: readonly OutOfOfficeMessageRow[];
}

/** What an account has set; undefined: nothing yet. */
export async function findOutOfOffice(
  sql: Sql,
  accountId: string,
): Promise<OutOfOfficeRow | undefined> {
  const text = `SELECT state, start_at AS "startAt", end_at AS "endAt" FROM out_of_office WHERE account_id = $1`;
  const [row] = await sql.rows<Omit<OutOfOfficeRow, "messages">>("out-of-office.find", text, [
    accountId,
  ]);
  if (row === undefined) return undefined;
  const messages = await sql.rows<OutOfOfficeMessageRow>(
    "out-of-office.messages",
    `SELECT audience, enabled, body_type AS "bodyType", reply FROM out_of_office_messages WHERE account_id = $1`,
    [accountId],
  );
  return { ...row, messages };
}

/** Writes all of it; to be called in a transaction. */
export async function putOutOfOffice(
  sql: Sql,
  accountId: string,
  { state, startAt, endAt, messages }: OutOfOfficeRow,
): Promise<void> {
  await sql.rows(
    "out-of-office.put",
    `INSERT INTO out_of_office (account_id, state, start_at, end_at) VALUES ($1, $2, $3, $4)
      ON CONFLICT (account_id) DO UPDATE
      SET state = excluded.state, start_at = excluded.start_at, end_at = excluded.end_at`,
    [accountId, state, startAt, endAt],
  );
  for (const { audience, enabled, bodyType, reply } of messages) {
    await sql.rows(
      "out-of-office.put-message",
      `INSERT INTO out_of_office_messages (account_id, audience, enabled, body_type, reply) VALUES ($1, $2, $3, $4, $5)
        ON CONFLICT (account_id, audience) DO UPDATE
        SET enabled = excluded.enabled, body_type = excluded.body_type, reply = excluded.reply`,
      [accountId, audience, enabled, bodyType, reply],
    );
  }
}

/** Makes others that change the same account's settings wait until the transaction ends. */
export async function lockOutOfOffice(sql: Sql, accountId: string): Promise<void> {
  await sql.rows("out-of-office.lock", "SELECT 1 FROM accounts WHERE id = $1 FOR UPDATE", [
    accountId,
  ]);
}
