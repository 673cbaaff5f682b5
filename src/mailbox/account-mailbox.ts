/** The mailbox of one account during one request: opens its session at first use, maps ids to paths. */
import type { Readable } from "node:stream";
import type { ItemOutcome, MailSession, Upcoming } from "../backend.ts";
import type { Feed, Position } from "../feed.ts";
import type { Conversation } from "../items/email/index.ts";
import type { MailItem, PartFetched, PartWanted } from "../items/email/message.ts";
import type { MailQuery } from "../items/search/condition.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { listCollections, listCollectionsOf, type CollectionRow } from "../store/collections.ts";
import { listKept, type KeptOf } from "../store/kept.ts";
import type { Database } from "../store/sql.ts";
import { moveVerbs, type VerbScope } from "../store/verbs.ts";
import { draftsType, type AliasBook } from "./alias-book.ts";
import { noAliases, type Aliases, type Place } from "./aliased.ts";
import type { Keep } from "./answering.ts";
import { Answer } from "./answer.ts";
import { ConversationMover } from "./conversation-mover.ts";
import { conversationFeed } from "./conversation-feed.ts";
import { searchConversation } from "./conversation-search.ts";
import { conversationsOf } from "./conversations.ts";
import type { ChangedFolder, FolderChanges, FolderPlace } from "./folder-changes.ts";
import type { FolderClaim } from "./folder-intents.ts";
import type { DraftEdit, DraftOutcome, DraftWish } from "./draft-wish.ts";
import type { Drafts } from "./drafts.ts";
import { emptyFeed, folderFeed } from "./folder-feed.ts";
import { Flagging } from "./flagging.ts";
import { followUpsIn, FollowUps } from "./follow-ups.ts";
import { isNoSuchFolder, noSuchFolder, type Folders } from "./folders.ts";
import { hierarchyFeed } from "./hierarchy-feed.ts";
import type { Lease } from "./lease.ts";
import { collectionIdOf } from "./mailbox.ts";
import type {
  Folder,
  Found,
  FoundItem,
  KeptOfMails,
  Mailbox,
  MailboxEvent,
  MailboxQuery,
  MovedConversation,
  MailChange,
  MailOutcome,
  MoveRequest,
  Numbering,
  Submission,
} from "./mailbox.ts";
import type { MovePlace, Mover } from "./move.ts";
import { findRelated } from "./related.ts";
import { parseReference, referenceOf } from "./references.ts";
import { searchFolders, type Asked, type SearchParts } from "./search.ts";
import type { Sender } from "./send.ts";
import { folderOf } from "./shown-folder.ts";
import { watchCollections, watchHierarchy, type WatchSource } from "./watch.ts";

/** The parts that a mailbox is put together from. */
export interface MailboxParts {
  readonly database: Database;
  readonly clock: Clock;
  readonly lease: Lease;
  readonly folders: Folders;
  readonly changes: FolderChanges;
  readonly aliases: AliasBook;
  readonly drafts: Drafts;
  readonly sender: Sender;
  readonly mover: Mover;
  readonly watching: WatchSource;
  /** Of the request. */
  readonly signal: AbortSignal;
  /** All addresses of the account. */
  readonly addresses: readonly string[];
  readonly keep: Keep;
  readonly log: Log;
}

/** `Mailbox` over a mail server and the store. */
export class AccountMailbox implements Mailbox {
  readonly accountId: string;
  readonly #parts: MailboxParts;
  readonly #conversations: ConversationMover;

  constructor(accountId: string, parts: MailboxParts) {
    this.accountId = accountId;
    this.#parts = parts;
    const { database, clock, log, folders } = parts;
    this.#conversations = new ConversationMover({
      database,
      accountId,
      clock,
      log,
      folders,
      list: this.list.bind(this),
      move: this.move.bind(this),
      related: this.#related.bind(this),
    });
  }

  roundTrips(): number {
    return this.#parts.lease.roundTrips();
  }

  async hierarchy(): Promise<Feed> {
    await this.#parts.folders.refresh();
    return hierarchyFeed(this.#parts.database, this.accountId);
  }

  async foldersOf(serials: readonly number[]): Promise<readonly Folder[]> {
    const rows = await listCollectionsOf(this.#parts.database, this.accountId, serials);
    return rows.map(folderOf);
  }

  async folder(collectionId: string): Promise<Folder | undefined> {
    const row = await this.#parts.folders.find(collectionId);
    return row && folderOf(row);
  }

  async createFolder(
    place: FolderPlace & { readonly type: number },
    claim: FolderClaim,
  ): Promise<ChangedFolder> {
    return await this.#parts.changes.create(place, claim);
  }

  async updateFolder(
    collectionId: string,
    place: FolderPlace,
    claim: FolderClaim,
  ): Promise<ChangedFolder> {
    return await this.#parts.changes.update(collectionId, place, claim);
  }

  async removeFolder(collectionId: string): Promise<void> {
    await this.#parts.changes.remove(collectionId);
  }

  async removeAll(collectionId: string): Promise<number> {
    const { selectable } = await this.#parts.folders.get(collectionId);
    if (!selectable) return 0;
    return await this.#in(collectionId, (session, { path }) => session.removeAll(path));
  }

  async removeFoldersBelow(collectionId: string): Promise<void> {
    await this.#parts.changes.removeBelow(collectionId);
  }

  async folders(): Promise<readonly Folder[]> {
    const list = () => listCollections(this.#parts.database, this.accountId);
    let rows = await list();
    if (rows.length === 0) {
      await this.#parts.folders.refresh();
      rows = await list();
    }
    return rows.filter((row) => !row.deleted).map(folderOf);
  }

  async feed(collectionId: string, conversationsSince?: number): Promise<Feed> {
    const feed = await this.#feed(collectionId);
    if (conversationsSince === undefined || feed === emptyFeed) return feed;
    return conversationFeed(feed, conversationsSince, () => this.#threads(collectionId));
  }

  async #threads(collectionId: string): Promise<readonly (readonly number[])[]> {
    return await this.#in(collectionId, async (session, { path, aliases }) => {
      const threads = await session.threads(path);
      return threads.map((thread) => thread.map((uid) => aliases.numberOf(uid)));
    });
  }

  async #feed(collectionId: string): Promise<Feed> {
    const { folders, aliases } = this.#parts;
    const row = await folders.get(collectionId);
    if (!row.selectable) return emptyFeed;
    return folderFeed(folders, collectionId, {
      aliases,
      followUpsOf: (found) => this.#followUpsOf(found),
      keptOf: async (found, of) => {
        return await listKept(this.#parts.database, this.#scopeOf(found), of);
      },
    });
  }

  async readAhead(collectionId: string, now: Position, upcoming: Upcoming): Promise<void> {
    await this.#in(collectionId, async (session, { path, aliases }) => {
      // Items that go by other numbers are looked for elsewhere.
      if (aliases === noAliases) session.readAhead(path, now, upcoming);
    });
  }

  async list(
    collectionId: string,
    numbers: readonly number[],
    epoch?: string,
  ): Promise<readonly MailItem[]> {
    return await this.#in(collectionId, async (session, { path, row, aliases }) => {
      const uids = numbers.map((number) => aliases.uidOf(number));
      const items = await session.list(path, uids, epoch);
      const named = items.map((item) => ({ ...item, number: aliases.numberOf(item.number) }));
      return row.type === draftsType ? named.map(asDraft) : named;
    });
  }

  async fetchParts(
    collectionId: string,
    wanted: readonly PartWanted[],
    epoch?: string,
  ): Promise<readonly PartFetched[]> {
    return await this.#in(collectionId, async (session, { path, aliases }) => {
      const translated = wanted.map((part) => ({ ...part, number: aliases.uidOf(part.number) }));
      const parts = await session.fetchParts(path, translated, epoch);
      return parts.map((part) => ({ ...part, number: aliases.numberOf(part.number) }));
    });
  }

  async openPart(found: FoundItem): Promise<Readable | undefined> {
    const { collectionId, epoch, section } = found;
    try {
      return await this.#in(collectionId, async (session, { path, aliases }) => {
        const number = aliases.uidOf(found.number);
        return await session.openPart(path, { number, section, epoch });
      });
    } catch (error) {
      if (!isNoSuchFolder(error)) throw error;
      return undefined;
    }
  }

  async setFlags(
    collectionId: string,
    changes: readonly MailChange[],
    epoch?: string,
  ): Promise<readonly MailOutcome[]> {
    return await this.#in(collectionId, async (session, { path, aliases, row }) => {
      const flagging = await Flagging.begin(this.#followUpsOf(row), changes);
      const translated = flagging.changes.map((each) => {
        return { ...each, number: aliases.uidOf(each.number) };
      });
      const outcomes = toNumbers(await session.setFlags(path, translated, { epoch }), aliases);
      return await flagging.end(outcomes);
    });
  }

  #followUpsOf(row: CollectionRow): FollowUps {
    return new FollowUps(this.#parts.database, this.#scopeOf(row));
  }

  async remove(
    collectionId: string,
    numbers: readonly number[],
    asMoves: boolean,
    epoch?: string,
  ): Promise<readonly ItemOutcome[]> {
    return await this.#in(collectionId, async (session, { path, aliases, row }) => {
      const uids = numbers.map((number) => aliases.uidOf(number));
      if (!asMoves || row.type === trashType) {
        return toNumbers(await session.remove(path, uids, epoch), aliases);
      }
      const throwAway = async (trash: CollectionRow): Promise<readonly ItemOutcome[]> => {
        // In one step of the server's own a delete that is repeated finds the mail or finds it gone.
        if (await session.movesAtOnce()) {
          return toNumbers(await session.move(path, uids, trash.path, epoch), aliases);
        }
        const from = { ...placeOf(row), epoch: epoch ?? row.epoch };
        const passage = { session, from, to: placeOf(trash), aliases };
        return await this.#parts.mover.move(passage, numbers);
      };
      return await this.#parts.folders.atSpecial("trash", async (_, trash) => {
        const outcomes = await throwAway(trash);
        await this.#takeAlong(row, trash, outcomes);
        return outcomes;
      });
    });
  }

  async move({ from, numbers, to, epoch }: MoveRequest): Promise<readonly ItemOutcome[]> {
    return await this.#in(from, async (session, { row, aliases }) => {
      const destination = await this.#parts.folders.get(to);
      if (!destination.selectable) throw noSuchFolder(to);
      const place = { ...placeOf(row), epoch: epoch ?? row.epoch };
      const passage = { session, from: place, to: placeOf(destination), aliases };
      const outcomes = await this.#parts.mover.move(passage, numbers);
      await this.#takeAlong(row, destination, outcomes);
      return outcomes;
    });
  }

  async addDraft(wish: DraftWish, signal: AbortSignal): Promise<DraftOutcome> {
    return await this.#parts.drafts.add(wish, signal);
  }

  async changeDraft(edit: DraftEdit, signal: AbortSignal): Promise<DraftOutcome> {
    return await this.#parts.drafts.change(edit, signal);
  }

  async sendNewDraft(wish: DraftWish, signal: AbortSignal): Promise<DraftOutcome> {
    return await this.#parts.drafts.sendNew(wish, signal);
  }

  async sendDraft(edit: DraftEdit, signal: AbortSignal): Promise<DraftOutcome> {
    return await this.#parts.drafts.sendDraft(edit, signal);
  }

  async moveConversation(conversationId: Buffer, to: string): Promise<MovedConversation> {
    return await this.#conversations.move(conversationId, to);
  }

  async followConversations(
    collectionId: string,
    items: () => Promise<readonly MailItem[]>,
  ): Promise<readonly number[]> {
    return await this.#conversations.follow(collectionId, items);
  }

  async #related(collectionId: string, messageIds: readonly string[]): Promise<readonly number[]> {
    const { signal } = this.#parts;
    return await this.#in(collectionId, async (session, { path, aliases }) => {
      const numbers = await findRelated(session, path, { messageIds, signal });
      return numbers.map((uid) => aliases.numberOf(uid));
    });
  }

  /** What was done last with mails, and what was said of their flags, goes with them where the server tells their new numbers. */
  async #takeAlong(
    from: CollectionRow,
    to: CollectionRow,
    outcomes: readonly ItemOutcome[],
  ): Promise<void> {
    const moved = outcomes.flatMap(({ number, ...rest }) => {
      const newNumber = rest.kind === "done" ? rest.newNumber : undefined;
      return newNumber === undefined ? [] : [{ number, newNumber }];
    });
    if (moved.length === 0) return;
    await moveVerbs(this.#parts.database, this.#scopeOf(from), this.#scopeOf(to), moved);
    await this.#followUpsOf(from).move(to, moved);
  }

  async send(submission: Submission, signal: AbortSignal): Promise<void> {
    const { about } = submission;
    const { accountId } = this;
    const { sender, database, addresses, log, keep } = this.#parts;
    const source = { accountId, database, addresses, log, at: this.#in.bind(this), keep };
    await sender.send(submission, signal, about && new Answer(source, about));
  }

  async kept(collectionId: string, of: KeptOf): Promise<KeptOfMails> {
    const row = await this.#parts.folders.get(collectionId);
    const { verbs, followUps } = await listKept(this.#parts.database, this.#scopeOf(row), of);
    return {
      verbs: new Map(verbs.map(({ number, verb, executed }) => [number, { verb, executed }])),
      followUps: followUpsIn(followUps),
    };
  }

  #scopeOf({ serial, epoch }: CollectionRow): VerbScope {
    return { accountId: this.accountId, serial, epoch };
  }

  async conversations(items: readonly MailItem[]): Promise<ReadonlyMap<number, Conversation>> {
    return await conversationsOf(this.#parts.database, this.accountId, items);
  }

  /** Names the version that is there: a part of a later one is another part. */
  async references(numbering: Numbering): Promise<(number: number, section: string) => string> {
    const { collectionId } = numbering;
    const row = await this.#parts.folders.get(collectionId);
    const { epoch = row.epoch } = numbering;
    const aliases = epoch === row.epoch ? await this.#parts.aliases.of(row) : noAliases;
    return (number, section) =>
      referenceOf({ collectionId, epoch, number: aliases.uidOf(number), section });
  }

  async resolve(reference: string): Promise<FoundItem | undefined> {
    const found = parseReference(reference);
    if (found === undefined) return undefined;
    const row = await this.#parts.folders.find(found.collectionId);
    if (row === undefined || row.epoch !== found.epoch) return row && found;
    const aliases = await this.#parts.aliases.of(row);
    const now = aliases.find(found.number, found.section);
    return now && { ...found, ...now };
  }

  async search(
    folders: readonly Folder[],
    { conversationId, ...query }: MailboxQuery,
    limit: number,
  ): Promise<Found> {
    if (conversationId === undefined) {
      return await this.#search({ folders, queries: [query], limit });
    }
    const index = {
      sql: this.#parts.database,
      accountId: this.accountId,
      search: (queries: readonly MailQuery[]) => this.#search({ folders, queries, limit }),
      list: (collectionId: string, numbers: readonly number[]) => this.list(collectionId, numbers),
    };
    return await searchConversation(index, conversationId, query);
  }

  async #search(asked: Asked): Promise<Found> {
    const { clock, log } = this.#parts.watching;
    const at: SearchParts["at"] = (collectionId, work) =>
      this.#in(collectionId, (session, { path, aliases }) => work(session, path, aliases));
    return await searchFolders({ clock, log, at }, asked);
  }

  async watch(
    collectionIds: readonly string[],
    hierarchy: boolean,
    listener: (event: MailboxEvent) => void,
  ): Promise<Disposable> {
    using stack = new DisposableStack();
    const { watching } = this.#parts;
    if (hierarchy) stack.use(watchHierarchy(watching, listener));
    stack.use(await watchCollections(watching, collectionIds, listener));
    return stack.move();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#parts.lease[Symbol.asyncDispose]();
  }

  async #in<Result>(
    collectionId: string,
    work: (session: MailSession, place: Place) => Promise<Result>,
  ): Promise<Result> {
    return await this.#parts.folders.at(collectionId, async (session, row) => {
      const aliases = await this.#parts.aliases.of(row);
      return await work(session, { path: row.path, row, aliases });
    });
  }
}

/** MS-ASCMD 2.2.3.186.3: Deleted Items. */
const trashType = 4;

function placeOf({ serial, path, epoch }: CollectionRow): MovePlace {
  return { collectionId: collectionIdOf(serial), path, epoch };
}

/** What lies in Drafts is one, whether or not the mail program that put it there says so. */
function asDraft(item: MailItem): MailItem {
  return { ...item, flags: { ...item.flags, draft: true } };
}

function toNumbers(outcomes: readonly ItemOutcome[], aliases: Aliases): readonly ItemOutcome[] {
  return outcomes.map((each) => ({ ...each, number: aliases.numberOf(each.number) }));
}
