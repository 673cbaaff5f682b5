/** Table `conversation_rules`: where later mail of a conversation goes. */
import type { Sql } from "./sql.ts";

/** Mail of conversation `id` goes to the folder of this serial. */
export interface ConversationRule {
  readonly id: Buffer;
  readonly serial: number;
}

/** Whether an account has any rule. */
export async function hasRules(sql: Sql, accountId: string): Promise<boolean> {
  const text = "SELECT FROM conversation_rules WHERE account_id = $1 LIMIT 1";
  return (await sql.rows("conversation-rules.has", text, [accountId])).length > 0;
}

/** The rules of these conversations whose folders are not deleted. */
export async function listRules(
  sql: Sql,
  accountId: string,
  ids: readonly Buffer[],
): Promise<ConversationRule[]> {
  const text = `SELECT r.conversation_id AS id, r.collection AS serial
    FROM conversation_rules r JOIN collections c ON c.account_id = r.account_id AND c.serial = r.collection
    WHERE r.account_id = $1 AND r.conversation_id = ANY($2::bytea[]) AND NOT c.deleted`;
  return await sql.rows<ConversationRule>("conversation-rules.list", text, [accountId, ids]);
}

/** Sets the rule of a conversation; of more than `most` the oldest go. */
export async function putRule(
  sql: Sql,
  accountId: string,
  rule: ConversationRule & { readonly createdMs: number; readonly most: number },
): Promise<void> {
  const text = `INSERT INTO conversation_rules (account_id, conversation_id, collection, created)
    VALUES ($1, $2, $3, $4) ON CONFLICT (account_id, conversation_id)
      DO UPDATE SET collection = excluded.collection, created = excluded.created`;
  const created = new Date(rule.createdMs);
  await sql.rows("conversation-rules.put", text, [accountId, rule.id, rule.serial, created]);
  const surplus = `DELETE FROM conversation_rules WHERE account_id = $1 AND conversation_id IN
    (SELECT conversation_id FROM conversation_rules WHERE account_id = $1
      ORDER BY created DESC, conversation_id OFFSET $2)`;
  await sql.rows("conversation-rules.surplus", surplus, [accountId, rule.most]);
}
