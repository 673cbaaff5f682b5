/** Table `conversations`: which conversation a message was shown in. */
import type { Sql } from "./sql.ts";

/** `hash`: first 16 bytes of SHA-256 of the Message-ID; `id`: the ConversationId (16 bytes). */
export interface ConversationRow {
  readonly hash: Buffer;
  readonly id: Buffer;
  /** ConversationIndex; null in rows of versions that kept none. */
  readonly index: Buffer | null;
}

const columns = `message_hash AS hash, conversation_id AS id, conversation_index AS index`;

/** The known ones of these messages. */
export async function listConversations(
  sql: Sql,
  accountId: string,
  hashes: readonly Buffer[],
): Promise<ConversationRow[]> {
  const text = `SELECT ${columns} FROM conversations
    WHERE account_id = $1 AND message_hash = ANY($2::bytea[])`;
  return await sql.rows<ConversationRow>("conversations.list", text, [accountId, hashes]);
}

/** Keeps conversations of messages (each hash once); gives what holds: what was kept first. */
export async function putConversations(
  sql: Sql,
  accountId: string,
  rows: readonly ConversationRow[],
): Promise<ConversationRow[]> {
  const text = `INSERT INTO conversations (account_id, message_hash, conversation_id, conversation_index)
    SELECT $1::bigint, r.* FROM unnest($2::bytea[], $3::bytea[], $4::bytea[]) AS r ORDER BY 2
    ON CONFLICT (account_id, message_hash) DO UPDATE
      SET conversation_index = coalesce(conversations.conversation_index, excluded.conversation_index)
    RETURNING ${columns}`;
  const lists = [
    rows.map((row) => row.hash),
    rows.map((row) => row.id),
    rows.map((row) => row.index),
  ];
  const values = [accountId, ...lists];
  return await sql.rows<ConversationRow>("conversations.put", text, values);
}
