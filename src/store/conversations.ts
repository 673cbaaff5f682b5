/** Table `conversations`: which conversation a message was shown in. */
import type { Sql } from "./sql.ts";

/** `hash`: first 16 bytes of SHA-256 of the Message-ID; `id`: the ConversationId (16 bytes). */
export interface ConversationRow {
  readonly hash: Buffer;
  readonly id: Buffer;
  /** ConversationIndex; null in rows of versions that kept none. */
  readonly index: Buffer | null;
  /** Without angle brackets; null where it cannot be looked for. */
  readonly messageId: string | null;
}

const columns = `message_hash AS hash, conversation_id AS id, conversation_index AS index,
  message_id AS "messageId"`;

/**
 * The known ones of these messages, each looked up by itself: for `= ANY` PostgreSQL may read all rows of the
 * account by the other index.
 */
export async function listConversations(
  sql: Sql,
  accountId: string,
  hashes: readonly Buffer[],
): Promise<ConversationRow[]> {
  const text = `SELECT found.* FROM unnest($2::bytea[]) AS asked (hash) CROSS JOIN LATERAL (
      SELECT ${columns} FROM conversations
      WHERE account_id = $1 AND message_hash = asked.hash LIMIT 1) AS found`;
  return await sql.rows<ConversationRow>("conversations.list", text, [accountId, hashes]);
}

/**
 * Keeps conversations of messages (each hash once); gives those that hold another: what was kept first holds, and
 * mostly nothing was.
 */
export async function putConversations(
  sql: Sql,
  accountId: string,
  rows: readonly ConversationRow[],
): Promise<ConversationRow[]> {
  const text = `WITH given (hash, id, index, "messageId") AS (
      SELECT * FROM unnest($2::bytea[], $3::bytea[], $4::bytea[], $5::text[])),
    kept AS (INSERT INTO conversations
        (account_id, message_hash, conversation_id, conversation_index, message_id)
      SELECT $1::bigint, given.* FROM given ORDER BY hash
      ON CONFLICT (account_id, message_hash) DO UPDATE
        SET conversation_index = coalesce(conversations.conversation_index, excluded.conversation_index),
          message_id = coalesce(conversations.message_id, excluded.message_id)
      RETURNING ${columns})
    SELECT kept.* FROM kept JOIN given USING (hash)
    WHERE (kept.id, kept.index, kept."messageId")
      IS DISTINCT FROM (given.id, given.index, given."messageId")`;
  const lists = [
    rows.map((row) => row.hash),
    rows.map((row) => row.id),
    rows.map((row) => row.index),
    rows.map((row) => row.messageId),
  ];
  const values = [accountId, ...lists];
  return await sql.rows<ConversationRow>("conversations.put", text, values);
}

/** Message-IDs of a conversation, as far as they can be looked for. */
export async function listMessageIds(
  sql: Sql,
  accountId: string,
  id: Buffer,
  limit: number,
): Promise<string[]> {
  const text = `SELECT message_id AS "messageId" FROM conversations
    WHERE account_id = $1 AND conversation_id = $2 AND message_id IS NOT NULL
    ORDER BY message_hash = $2 DESC, message_hash LIMIT $3`;
  const values = [accountId, id, limit];
  const rows = await sql.rows<{ messageId: string }>("conversations.message-ids", text, values);
  return rows.map(({ messageId }) => messageId);
}
