/** Mails that belong together by the message-ids in their headers. */
import type { MailSession } from "../backend.ts";
import { anyOf, type Condition } from "../items/search/condition.ts";
import { idsPerSearch, maxConversationMails } from "./limits.ts";

const fields = ["message-id", "in-reply-to", "references"];

/** Numbers of mails in a folder that have one of these message-ids or name one; the newest ones. */
export async function findRelated(
  session: MailSession,
  path: string,
  { messageIds, signal }: { readonly messageIds: readonly string[]; readonly signal: AbortSignal },
): Promise<readonly number[]> {
  const found = new Set<number>();
  const bounds = { limit: maxConversationMails, signal };
  for (let at = 0; at < messageIds.length; at += idsPerSearch) {
    const condition = namingOneOf(messageIds.slice(at, at + idsPerSearch));
    const { hits } = await session.search(path, { condition }, bounds);
    for (const { number } of hits) found.add(number);
  }
  return [...found];
}

/** Mails that have one of these message-ids (`idsPerSearch` at the most) or name one. */
export function namingOneOf(messageIds: readonly string[]): Condition {
  return anyOf(
    messageIds.flatMap((text) => fields.map((name) => ({ kind: "header" as const, name, text }))),
  );
}
