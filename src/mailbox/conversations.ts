/**
 * ConversationId (MS-ASEMAIL 2.2.2.21): the first 16 bytes of SHA-256 of the conversation's root message-id.
 * The root is the first id of References, else the conversation of In-Reply-To as far as it was shown, else
 * In-Reply-To, else the own Message-ID. ConversationIndex (MS-ASCON 2.2.2.4): what Thread-Index says, else one
 * response level more than the mail that it answers, as far as that was shown. What was given once stays.
 */
import { hash as hashed } from "node:crypto";
import {
  firstConversationIndex,
  replyIndex,
  threadIndex,
  type Conversation,
} from "../items/email/index.ts";
import type { MailItem } from "../items/email/message.ts";
import {
  listConversations,
  putConversations,
  type ConversationRow,
} from "../store/conversations.ts";
import type { Sql } from "../store/sql.ts";

const idBytes = 16;

/** What a mail says of its conversation: hashes of its message-ids, undefined where it has none. */
interface Threading {
  readonly item: MailItem;
  readonly own: Buffer | undefined;
  readonly parent: Buffer | undefined;
  readonly root: Buffer | undefined;
}

type KnownRows = Map<string, ConversationRow>;

/** A message-id that is longer, or no plain text, is not looked for: it would not be found either. */
const searchableId = /^[\u0020-\u007e]{1,500}$/;

/**
 * The conversations of those items that no device was shown yet, by number: later mail of a conversation. A
 * mail without a Message-ID cannot be told from one that was shown.
 */
export async function newcomersIn(
  sql: Sql,
  accountId: string,
  items: readonly MailItem[],
): Promise<ReadonlyMap<number, Buffer>> {
  if (items.length === 0) return new Map();
  const threadings = oldestFirst(items).map(threadingOf);
  const known = await knownOf(sql, accountId, threadings);
  const fresh = resolve(threadings, known);
  const shown = new Set(fresh.map(({ hash }) => keyOf(hash)));
  const newcomers = threadings.filter(({ own }) => own !== undefined && shown.has(keyOf(own)));
  return new Map(newcomers.map((each) => [each.item.number, conversationOf(each, known).id]));
}

/** The conversation of each item by number; new ones are kept. */
export async function conversationsOf(
  sql: Sql,
  accountId: string,
  items: readonly MailItem[],
): Promise<ReadonlyMap<number, Conversation>> {
  if (items.length === 0) return new Map();
  const threadings = oldestFirst(items).map(threadingOf);
  const known = await knownOf(sql, accountId, threadings);
  const fresh = [...resolve(threadings, known), ...unshownRoots(threadings, known)];
  const kept = fresh.length === 0 ? [] : await putConversations(sql, accountId, fresh);
  for (const [hash, row] of byHash(kept)) known.set(hash, row);
  return new Map(threadings.map((each) => [each.item.number, conversationOf(each, known)]));
}

/** A new version of a mail stays in its conversation, under whatever Message-ID it has. */
export async function keepConversation(
  sql: Sql,
  accountId: string,
  { item, messageId }: { readonly item: MailItem; readonly messageId: string },
): Promise<void> {
  const conversation = (await conversationsOf(sql, accountId, [item])).get(item.number);
  const hash = hashOf(messageId);
  if (conversation === undefined || hash === undefined) return;
  await putConversations(sql, accountId, [
    { hash, ...conversation, messageId: searchable(messageId) },
  ]);
}

async function knownOf(
  sql: Sql,
  accountId: string,
  threadings: readonly Threading[],
): Promise<KnownRows> {
  const asked = threadings.flatMap(({ own, parent, root }) => [own, parent, root]).filter(isHash);
  return byHash(await listConversations(sql, accountId, unique(asked)));
}

/** The first mail of a conversation is what the others name, whether it was shown or not. */
function unshownRoots(threadings: readonly Threading[], known: KnownRows): ConversationRow[] {
  return threadings.flatMap(({ item, root }) => {
    if (root === undefined || known.has(keyOf(root))) return [];
    const row = { hash: root, id: root, index: null, messageId: searchable(item.references[0]) };
    known.set(keyOf(root), row);
    return [row];
  });
}

/** Gives each mail its conversation, the older first, as replies ask for it; returns what is to be kept. */
function resolve(threadings: readonly Threading[], known: KnownRows): ConversationRow[] {
  return threadings.flatMap((each) => {
    if (each.own === undefined || known.get(keyOf(each.own))?.index) return [];
    const messageId = searchable(each.item.envelope.messageId);
    const row = { hash: each.own, ...conversationOf(each, known), messageId };
    known.set(keyOf(each.own), row);
    return [row];
  });
}

function conversationOf(each: Threading, known: KnownRows): Conversation {
  const given = each.own && known.get(keyOf(each.own));
  const parent = each.parent && known.get(keyOf(each.parent));
  return {
    id: given?.id ?? each.root ?? parent?.id ?? each.parent ?? each.own ?? aloneOf(each.item),
    index: given?.index ?? indexOf(each.item, parent),
  };
}

function indexOf(item: MailItem, parent: ConversationRow | undefined): Buffer {
  const written = threadIndex(item);
  if (written !== undefined) return written;
  return parent?.index ? replyIndex(parent.index, item) : firstConversationIndex(item);
}

function threadingOf(item: MailItem): Threading {
  const { envelope, references } = item;
  return {
    item,
    own: hashOf(envelope.messageId),
    parent: hashOf(envelope.inReplyTo) ?? hashOf(references.at(-1) ?? ""),
    root: hashOf(references[0] ?? ""),
  };
}

/** For a mail without any message-id. */
function aloneOf({ envelope }: MailItem): Buffer {
  const described = [envelope.subject, envelope.date?.getTime(), envelope.from[0]?.address];
  return digest(JSON.stringify(described));
}

function hashOf(messageId: string): Buffer | undefined {
  const bare = bareOf(messageId);
  return bare === "" ? undefined : digest(bare);
}

function bareOf(messageId: string): string {
  return (/<([^<>]+)>/.exec(messageId)?.[1] ?? messageId).trim();
}

function searchable(messageId = ""): string | null {
  const bare = bareOf(messageId);
  return searchableId.test(bare) ? bare : null;
}

function digest(text: string): Buffer {
  return hashed("sha256", text, "buffer").subarray(0, idBytes);
}

function oldestFirst(items: readonly MailItem[]): readonly MailItem[] {
  return items.toSorted((one, other) => one.received.getTime() - other.received.getTime());
}

function byHash(rows: readonly ConversationRow[]): KnownRows {
  return new Map(rows.map((row) => [keyOf(row.hash), row]));
}

function unique(hashes: readonly Buffer[]): Buffer[] {
  return [...new Map(hashes.map((each) => [keyOf(each), each])).values()];
}

function keyOf(each: Buffer): string {
  return each.toString("latin1");
}

function isHash(each: Buffer | undefined): each is Buffer {
  return each !== undefined;
}
