/** The one combined mailbox of an account, as commands and push see it. */
import type { Readable } from "node:stream";
import type { FlagChange, ItemOutcome, Upcoming } from "../backend.ts";
import type { Feed, Position } from "../feed.ts";
import type { FollowUp } from "../items/email/follow-up.ts";
import type { Conversation } from "../items/email/index.ts";
import type { LastVerb, MailItem, PartFetched, PartWanted } from "../items/email/message.ts";
import type { SmartKind } from "../items/email/original.ts";
import type { MailQuery } from "../items/search/condition.ts";
import type { Octets } from "../kit/octets.ts";
import type { ChangedFolder, FolderPlace } from "./folder-changes.ts";
import type { FolderClaim } from "./folder-intents.ts";
import type { DraftElsewhere, DraftVersion } from "../store/draft-sends.ts";
import type { IntentName } from "../store/intents.ts";
import type { KeptOf } from "../store/kept.ts";
import type { DraftEdit, DraftOutcome, DraftWish } from "./draft-wish.ts";

export { FolderRefused, type FolderFault } from "./folder-changes.ts";

/** A folder as devices see it. */
export interface Folder {
  /** Serial per account; the number of the folder in the hierarchy's feed. */
  readonly serial: number;
  /** ServerId / CollectionId: "f1", "f2a": "f" and the serial in base 16. */
  readonly collectionId: string;
  /** CollectionId of the parent, "0" at the top. */
  readonly parentId: string;
  readonly displayName: string;
  /** MS-ASCMD 2.2.3.186.3: 2 Inbox, 3 Drafts, 4 Deleted Items, 5 Sent, 6 Outbox, 12 user mail … */
  readonly type: number;
  /** Item class that it holds. */
  readonly class: "Email" | "Contacts" | "Calendar" | "Tasks" | "Notes";
  /** False for Outbox and folders that cannot be opened: they have no items. */
  readonly selectable: boolean;
}

/** A mail that a device hands over for sending. */
export interface Submission {
  readonly deviceId: string;
  /** ClientId of 14.0+, else undefined: then Message-ID and body hash name it. */
  readonly clientId: string | undefined;
  /** What a device asked for, where the words of the mail are not its own: tells a repeat from another mail. */
  readonly fingerprint?: Buffer | undefined;
  /** Names a mail that is sent by another command; `syncKey`: that under which the name holds. */
  readonly key?: Pick<IntentName, "clientKey" | "fingerprint"> & { readonly syncKey?: string };
  /** The version of a draft that it is made of: one device of the account sends that. */
  readonly draft?: DraftVersion | undefined;
  /** Read several times before it is sent and filed. */
  readonly mime: Buffer | Octets;
  readonly saveInSent: boolean;
  /** What it answers or forwards; undefined for a mail of its own. */
  readonly about?: About | undefined;
}

/** The mail that a SmartReply or a SmartForward is about. */
export interface About {
  readonly kind: SmartKind;
  readonly collectionId: string;
  readonly number: number;
  /** Of a LongId; undefined: the collection's present one. */
  readonly epoch: string | undefined;
  /** ReplaceMime: nothing of the original is put into the mail (MS-ASCMD 2.2.3.148). */
  readonly isReplaced: boolean;
}

/** The mail that an answer or forward is about is not there (any more). */
export class OriginalGone extends Error {
  override name = "OriginalGone";
}

/** Another device of the account has sent the same version of a draft, or is at work on sending the draft. */
export class DraftSentElsewhere extends Error {
  override name = "DraftSentElsewhere";
  readonly how: DraftElsewhere;

  constructor(how: DraftElsewhere) {
    super("Another device sends the same draft.");
    this.how = how;
  }
}

/** What is kept here of mails, by number. */
export interface KeptOfMails {
  readonly verbs: ReadonlyMap<number, LastVerb>;
  readonly followUps: ReadonlyMap<number, FollowUp>;
}

/** Items on their way from one folder to another. */
export interface MoveRequest {
  readonly from: string;
  readonly numbers: readonly number[];
  readonly to: string;
  /** The epoch that the numbers belong to; the folder's own when left out. */
  readonly epoch?: string | undefined;
}

/** What became of a conversation that was to be moved. */
export type MovedConversation =
  | "moved"
  /** Mails of some folder could not be moved. */
  | "partly"
  /** There is no mail of it. */
  | "unknown";

/** A part named by a FileReference or a LongId. */
export interface FoundItem {
  readonly collectionId: string;
  readonly number: number;
  readonly epoch: string;
  /** Section of an attachment, "" for the item itself. */
  readonly section: string;
}

/** A collection and the epoch of item numbers in it; undefined: whatever the folder has. */
export interface Numbering {
  readonly collectionId: string;
  readonly epoch?: string | undefined;
}

/** What a search found in several folders. */
export interface Found {
  /** LongIds ("f1:<epoch>:<uid>"), the newest mail first, as many as were asked for. */
  readonly longIds: readonly string[];
  /** How many mails fit, as far as was looked. */
  readonly total: number;
  /** Whether every folder was looked through. */
  readonly isWhole: boolean;
}

/** What mails are looked for. */
export interface MailboxQuery extends MailQuery {
  /** Only mails of this conversation. */
  readonly conversationId?: Buffer | undefined;
}

/** A change of a mail's state; of the flag also what a mail server does not keep. */
export interface MailChange extends Omit<FlagChange, "touched"> {
  readonly followUp?: FollowUp;
}

/** How a change fared; `followUp`: the count of the flag, as the feed's labels tell it. */
export type MailOutcome = ItemOutcome & { readonly followUp?: number };

/** Something that may have changed. Only "look". */
export interface MailboxEvent {
  /** A collection, or undefined for the hierarchy. */
  readonly collectionId: string | undefined;
  readonly kind: "arrival" | "change";
}

/** An account's mailbox, leased for one request. Throws BackendUnavailable, BackendError (backend.ts). */
export interface Mailbox extends AsyncDisposable {
  readonly accountId: string;
  /** IMAP commands sent for this request so far. */
  roundTrips(): number;
  /** Looks at the server's folders and brings `collections` up to date; the feed of the hierarchy. */
  hierarchy(): Promise<Feed>;
  /** The folders of these serials, as of the last `hierarchy()`; gone ones are left out. */
  foldersOf(serials: readonly number[]): Promise<readonly Folder[]>;
  /** One folder from the store, without asking the server; undefined when unknown or deleted. */
  folder(collectionId: string): Promise<Folder | undefined>;
  /** Makes a folder of mails, once per claim. Throws FolderRefused. */
  createFolder(
    place: FolderPlace & { readonly type: number },
    claim: FolderClaim,
  ): Promise<ChangedFolder>;
  /** Renames and moves a folder; ids stay. Throws FolderRefused. */
  updateFolder(
    collectionId: string,
    place: FolderPlace,
    claim: FolderClaim,
  ): Promise<ChangedFolder>;
  /** Deletes a folder, its items and all folders below it. Throws FolderRefused. */
  removeFolder(collectionId: string): Promise<void>;
  /** Deletes for good all that is in a collection now; tells how many items the server kept. */
  removeAll(collectionId: string): Promise<number>;
  /** Deletes all folders below one. Throws FolderRefused. */
  removeFoldersBelow(collectionId: string): Promise<void>;
  /** All folders from the store; from the server where the store has none yet. */
  folders(): Promise<readonly Folder[]>;
  /**
   * The feed of a collection's items. `conversationsSince`: what belongs to a conversation with a mail of this
   * day or later counts as of this day. Throws BackendError "no such folder".
   */
  feed(collectionId: string, conversationsSince?: number): Promise<Feed>;
  /** What the next request will most likely ask of a collection that was told to stand at `now`: a hint. */
  readAhead(collectionId: string, now: Position, upcoming: Upcoming): Promise<void>;
  /** Metadata of items; what is gone is left out. `epoch` as in `setFlags`. */
  list(
    collectionId: string,
    numbers: readonly number[],
    epoch?: string,
  ): Promise<readonly MailItem[]>;
  /** Parts of items, grouped. `epoch`: that of the numbers; in another one nothing is there. */
  fetchParts(
    collectionId: string,
    wanted: readonly PartWanted[],
    epoch?: string,
  ): Promise<readonly PartFetched[]>;
  /** One attachment (or the whole mail) as a stream of wire octets; undefined when it is gone. */
  openPart(found: FoundItem): Promise<Readable | undefined>;
  /** Changes flags and categories. `epoch`: that of the numbers; in another one all of them are gone. */
  setFlags(
    collectionId: string,
    changes: readonly MailChange[],
    epoch?: string,
  ): Promise<readonly MailOutcome[]>;
  /** Deletes; `asMoves`: into Trash, unless the collection is Trash itself. `epoch` as in `setFlags`. */
  remove(
    collectionId: string,
    numbers: readonly number[],
    asMoves: boolean,
    epoch?: string,
  ): Promise<readonly ItemOutcome[]>;
  /** Moves, each item once whatever is repeated: a repeat gives the same numbers. Throws BackendError. */
  move(request: MoveRequest): Promise<readonly ItemOutcome[]>;
  /** What devices did last with items, and what they said of their flags. */
  kept(collectionId: string, of: KeptOf): Promise<KeptOfMails>;
  /** Writes a new draft, once per ClientId and sync key. Throws BackendError. */
  addDraft(wish: DraftWish, signal: AbortSignal): Promise<DraftOutcome>;
  /** Changes a draft's content; it keeps its number, also on other devices. Throws BackendError. */
  changeDraft(edit: DraftEdit, signal: AbortSignal): Promise<DraftOutcome>;
  /** Sends a new mail that a device wrote as a draft, once per ClientId and sync key. Throws SendRefused. */
  sendNewDraft(wish: DraftWish, signal: AbortSignal): Promise<DraftOutcome>;
  /** Sends a draft with the device's changes, once, and takes it away. Throws SendRefused, BackendError. */
  sendDraft(edit: DraftEdit, signal: AbortSignal): Promise<DraftOutcome>;
  /** Moves all mails of a conversation, but sent ones, and those that come later. Throws BackendError. */
  moveConversation(conversationId: Buffer, to: string): Promise<MovedConversation>;
  /**
   * Moves those of these items that are later mail of a conversation that was moved; gives their numbers. To be
   * asked before items are told to a device; `items` is called only where conversations were moved.
   */
  followConversations(
    collectionId: string,
    items: () => Promise<readonly MailItem[]>,
  ): Promise<readonly number[]>;
  /**
   * Sends once per ClientId and files in Sent; the original of an answer or forward gets its flag. Throws
   * SendRefused, OriginalGone, BackendUnavailable.
   */
  send(submission: Submission, signal: AbortSignal): Promise<void>;
  /** ConversationId (16 bytes) and ConversationIndex of each item, by number; once given they never change. */
  conversations(items: readonly MailItem[]): Promise<ReadonlyMap<number, Conversation>>;
  /** Gives the FileReferences of items' parts ("f1:<epoch>:<uid>:<section>"). */
  references(numbering: Numbering): Promise<(number: number, section: string) => string>;
  /** Resolves a FileReference or LongId inside this account; undefined: not of this form. */
  resolve(reference: string): Promise<FoundItem | undefined>;
  /** Looks for mails in these folders, the most important ones first, as long as the time allows. */
  search(folders: readonly Folder[], query: MailboxQuery, limit: number): Promise<Found>;
  /** Hints for these collections (most important first) and, when asked, the hierarchy. */
  watch(
    collectionIds: readonly string[],
    hierarchy: boolean,
    listener: (event: MailboxEvent) => void,
  ): Promise<Disposable>;
}

const serverIdForm = /^(f[0-9a-f]{1,8}):([1-9][0-9]{0,9})$/;

/** The CollectionId of a serial: "f1", "f2a". */
export function collectionIdOf(serial: number): string {
  return `f${serial.toString(16)}`;
}

/** The serial in a CollectionId, the folder's number in the hierarchy; undefined when it is none of ours. */
export { serialOf as folderSerial } from "./references.ts";

/** "f1:<number>", at most 24 characters (MS-ASCMD 2.2.3.166 allows 64). */
export function itemServerId(collectionId: string, number: number): string {
  return `${collectionId}:${number}`;
}

/** The number of an item's ServerId in its collection; undefined when it is none of this collection's. */
export function itemNumber(collectionId: string, serverId: string): number | undefined {
  const match = serverIdForm.exec(serverId);
  if (match === null || match[1] !== collectionId) return undefined;
  return Number(match[2]);
}
