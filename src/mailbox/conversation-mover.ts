/** Conversations moved as a whole, and the rules by which later mail of them follows (MS-ASCON 3.1.4.6). */
import { BackendError } from "../backend.ts";
import type { MailItem } from "../items/email/message.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { hasRules, listRules, putRule } from "../store/conversation-rules.ts";
import { listCollections, type CollectionRow } from "../store/collections.ts";
import { listMessageIds } from "../store/conversations.ts";
import type { Database } from "../store/sql.ts";
import { conversationsOf, newcomersIn } from "./conversations.ts";
import type { Folders } from "./folders.ts";
import { maxConversationRules, messageIdsLookedFor } from "./limits.ts";
import { collectionIdOf, type MoveRequest, type MovedConversation } from "./mailbox.ts";

/** What moving conversations needs of the mailbox. */
export interface ConversationSource {
  readonly database: Database;
  readonly accountId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly folders: Folders;
  list(collectionId: string, numbers: readonly number[]): Promise<readonly MailItem[]>;
  move(request: MoveRequest): Promise<unknown>;
  /** Numbers as devices know them. */
  related(collectionId: string, messageIds: readonly string[]): Promise<readonly number[]>;
}

/** MS-ASCMD 2.2.3.186.3. */
const types = { drafts: 3, trash: 4, sent: 5, outbox: 6 } as const;

/** Mail in these is not later mail of a conversation: the user wrote it, sent it, or threw it away. */
const unruledTypes: ReadonlySet<number> = new Set(Object.values(types));

/** MS-ASCON 3.1.4.6; and a draft that is still being written could be edited nowhere else. */
const stayTypes: ReadonlySet<number> = new Set([types.sent, types.drafts]);

/** Moves the conversations of an account. */
export class ConversationMover {
  readonly #source: ConversationSource;

  constructor(source: ConversationSource) {
    this.#source = source;
  }

  /**
   * Moves all mails of a conversation, from all folders but Sent Items and Drafts, and keeps the rule for those to come.
   * A repeat finds what is left to be moved.
   */
  async move(conversationId: Buffer, to: string): Promise<MovedConversation> {
    const { database, accountId, clock, folders } = this.#source;
    const ids = await listMessageIds(database, accountId, conversationId, messageIdsLookedFor);
    if (ids.length === 0) return "unknown";
    await folders.refresh();
    const { serial } = await folders.get(to);
    const rule = { id: conversationId, serial, createdMs: clock.now(), most: maxConversationRules };
    await putRule(database, accountId, rule);
    const rows = (await listCollections(database, accountId)).filter(holdsMail);
    const left = rows.filter((row) => !stayTypes.has(row.type) && row.serial !== serial);
    const moved = await this.#moveFrom(left, { conversationId, ids }, to);
    if (moved !== "unknown") return moved;
    // Nothing was to be moved: it is where it shall be, or nowhere.
    for (const row of rows.filter((each) => !left.includes(each))) {
      const found = await this.#membersIn(collectionIdOf(row.serial), { conversationId, ids });
      if (found.length > 0) return "moved";
    }
    return "unknown";
  }

  /**
   * Moves those of these items of a folder that are later mail of a conversation with a rule; gives their
   * numbers. What cannot be moved stays, and is shown.
   */
  async follow(
    collectionId: string,
    listed: () => Promise<readonly MailItem[]>,
  ): Promise<readonly number[]> {
    const { database, accountId, folders } = this.#source;
    const folder = await folders.get(collectionId);
    if (unruledTypes.has(folder.type) || !(await hasRules(database, accountId))) return [];
    const items = await listed();
    const newcomers = await newcomersIn(database, accountId, items);
    const rules = await listRules(database, accountId, [...newcomers.values()]);
    const moved: number[] = [];
    for (const { id, serial } of rules) {
      if (serial === folder.serial) continue;
      const numbers = items.map(({ number }) => number);
      const later = numbers.filter((number) => newcomers.get(number)?.equals(id));
      if (await this.#tryMove({ from: collectionId, numbers: later, to: collectionIdOf(serial) })) {
        moved.push(...later);
      }
    }
    // From now on they are known: whoever takes one back has it where he put it.
    const known = items.filter(({ number }) => moved.includes(number));
    await conversationsOf(database, accountId, known);
    return moved;
  }

  async #moveFrom(
    rows: readonly CollectionRow[],
    wanted: Wanted,
    to: string,
  ): Promise<MovedConversation> {
    let [found, failed] = [0, 0];
    for (const row of rows) {
      const from = collectionIdOf(row.serial);
      try {
        const numbers = await this.#membersIn(from, wanted);
        found += numbers.length;
        if (numbers.length > 0) await this.#source.move({ from, numbers, to });
      } catch (error) {
        if (!(error instanceof BackendError)) throw error;
        this.#source.log.warn({ from, err: error }, "A conversation stays in a folder.");
        failed++;
      }
    }
    if (failed > 0) return "partly";
    return found > 0 ? "moved" : "unknown";
  }

  /** Numbers of the conversation's mails in a folder; a search finds more than those. */
  async #membersIn(
    collectionId: string,
    { conversationId, ids }: Wanted,
  ): Promise<readonly number[]> {
    const { database, accountId } = this.#source;
    const numbers = await this.#source.related(collectionId, ids);
    if (numbers.length === 0) return [];
    const items = await this.#source.list(collectionId, numbers);
    const conversations = await conversationsOf(database, accountId, items);
    return items
      .map(({ number }) => number)
      .filter((number) => conversations.get(number)?.id.equals(conversationId));
  }

  async #tryMove(request: MoveRequest): Promise<boolean> {
    try {
      await this.#source.move(request);
      return true;
    } catch (error) {
      if (!(error instanceof BackendError)) throw error;
      this.#source.log.warn({ err: error }, "Later mail of a conversation stays where it came.");
      return false;
    }
  }
}

/** A conversation and the message-ids by which its mails are looked for. */
interface Wanted {
  readonly conversationId: Buffer;
  readonly ids: readonly string[];
}

function holdsMail({ selectable, deleted, type, class: itemClass }: CollectionRow): boolean {
  return selectable && !deleted && itemClass === "Email" && type !== types.outbox;
}
