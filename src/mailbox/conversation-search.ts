/** Looking for the mails of one conversation in several folders (MS-ASCON 3.1.4.7). */
import type { MailItem } from "../items/email/message.ts";
import { allOf, type MailQuery } from "../items/search/condition.ts";
import { listMessageIds } from "../store/conversations.ts";
import type { Sql } from "../store/sql.ts";
import { conversationsOf } from "./conversations.ts";
import { idsPerSearch, messageIdsLookedFor } from "./limits.ts";
import type { Found } from "./mailbox.ts";
import { parseReference } from "./references.ts";
import { namingOneOf } from "./related.ts";

/** What looking for a conversation needs of the mailbox. */
export interface ConversationIndex {
  readonly sql: Sql;
  readonly accountId: string;
  /** Mails that fit one of these. */
  search(queries: readonly MailQuery[]): Promise<Found>;
  list(collectionId: string, numbers: readonly number[]): Promise<readonly MailItem[]>;
}

/** The mails that fit the query and are of this conversation; of one that no device was shown there are none. */
export async function searchConversation(
  index: ConversationIndex,
  conversationId: Buffer,
  query: MailQuery,
): Promise<Found> {
  const { sql, accountId } = index;
  const messageIds = await listMessageIds(sql, accountId, conversationId, messageIdsLookedFor);
  if (messageIds.length === 0) return { longIds: [], total: 0, isWhole: true };
  const found = await index.search(queriesOf(query, messageIds));
  const longIds = await membersOf(index, conversationId, found.longIds);
  return { ...found, longIds, total: longIds.length };
}

function queriesOf(query: MailQuery, messageIds: readonly string[]): readonly MailQuery[] {
  return Array.from({ length: Math.ceil(messageIds.length / idsPerSearch) }, (_, at) => {
    const some = messageIds.slice(at * idsPerSearch, (at + 1) * idsPerSearch);
    return { ...query, condition: allOf([query.condition, namingOneOf(some)]) };
  });
}

/** A mail may name a message of a conversation and be of another one. */
async function membersOf(
  index: ConversationIndex,
  conversationId: Buffer,
  longIds: readonly string[],
): Promise<readonly string[]> {
  const hits = longIds.flatMap((longId) => {
    const found = parseReference(longId);
    return found === undefined ? [] : [{ longId, ...found }];
  });
  const members = new Set<string>();
  for (const [collectionId, group] of Map.groupBy(hits, (hit) => hit.collectionId)) {
    const numbers = group.map(({ number }) => number);
    const items = await index.list(collectionId, numbers);
    const conversations = await conversationsOf(index.sql, index.accountId, items);
    for (const { longId, number } of group) {
      if (conversations.get(number)?.id.equals(conversationId) === true) members.add(longId);
    }
  }
  return longIds.filter((longId) => members.has(longId));
}
