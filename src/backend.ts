/** The seam to mail servers, in EAS terms: collections, items, send. One contract suite for all. */
import type { Readable } from "node:stream";
import type { Feed, NumberRange, Position } from "./feed.ts";
import type { MailItem, PartFetched, PartWanted, MailFlags } from "./items/email/message.ts";
import type { MailQuery } from "./items/search/condition.ts";
import type { Octets } from "./kit/octets.ts";

/** MS-ASCMD 2.2.3.186.3 (FolderSync Type), the mail ones. */
export type MailFolderType = "inbox" | "drafts" | "trash" | "sent" | "outbox" | "user";

/** A folder of the mail server. */
export interface RemoteFolder {
  /** Server's path, decoded to Unicode; unique in the account. */
  readonly path: string;
  /** Path of the parent, "" at the top. */
  readonly parentPath: string;
  readonly displayName: string;
  readonly type: MailFolderType;
  /** MAILBOXID or X-GUID: stays over a rename; "" for folders that cannot be opened (NOSELECT). */
  readonly remoteKey: string;
  /** UIDVALIDITY; "" for NOSELECT. */
  readonly epoch: string;
  /** UIDNEXT; 0 for NOSELECT. */
  readonly next: number;
  /** False for NOSELECT: only a parent of others. */
  readonly selectable: boolean;
}

/** What a device signed in with. The password stays in memory and goes nowhere else. */
export interface Credential {
  /** Login name in the form that the mail server wants. */
  readonly login: string;
  readonly password: string;
  /** Keyed hash of login and password: names the credential without telling it. */
  readonly fingerprint: string;
  /** The device's address, for `ID ("x-originating-ip" …)`. */
  readonly clientAddress: string;
}

/** Change of a mail's state; only the named properties are touched. */
export interface FlagChange {
  readonly number: number;
  readonly seen?: boolean;
  readonly flagStatus?: 0 | 1 | 2;
  readonly answered?: boolean;
  readonly forwarded?: boolean;
  readonly categories?: readonly string[];
  /** Makes the folder's mark rise for this item, though nothing that a mail server keeps is changed. */
  readonly touched?: boolean;
}

/** What must hold for items to be changed. */
export interface OnlyWhere {
  /** The epoch of their numbers: in a folder of another one all of them are gone. */
  readonly epoch?: string | undefined;
  /** The mark since which others have not changed them (STORE UNCHANGEDSINCE, where CONDSTORE is). */
  readonly unchangedSince?: bigint;
}

/** How one item fared in a change, delete or move. */
export type ItemOutcome =
  | { readonly number: number; readonly kind: "done"; readonly newNumber?: number }
  /** The item is not there (any more). */
  | { readonly number: number; readonly kind: "gone" }
  /** Another client changed it since `unchangedSince`. */
  | { readonly number: number; readonly kind: "conflict" }
  | { readonly number: number; readonly kind: "refused"; readonly reason: string };

/** A hint that a watched folder may have changed. Hints mean only "look". */
export interface WatchEvent {
  readonly path: string;
  /** "arrival": look at once; "change": flags or expunges, look after some quiet. */
  readonly kind: "arrival" | "change";
}

/** A mail that a search found. */
export interface SearchHit {
  readonly number: number;
  /** INTERNALDATE. */
  readonly received: Date;
}

/** What a search found in one folder. */
export interface FolderHits {
  readonly epoch: string;
  /** The newest ones first, as many as were asked for. */
  readonly hits: readonly SearchHit[];
  /** How many there are in all. */
  readonly total: number;
}

/** How many hits are wanted, and how long. */
export interface SearchBounds {
  readonly limit: number;
  /** Ends the search, at the server as well. */
  readonly signal: AbortSignal;
}

/** What the next request for a folder will most likely ask: `newest` of its feed, then parts of what that finds. */
export interface Upcoming {
  readonly range: NumberRange;
  readonly limit: number;
  /** The parts that will be wanted of the items that are found. */
  wanted(items: readonly MailItem[]): readonly PartWanted[];
}

/** An open mailbox of one account. Disposing gives the lease back; sessions below stay pooled. */
export interface MailSession extends AsyncDisposable {
  /** Commands sent to the server through this lease so far, for the request's log line. */
  roundTrips(): number;
  /** All folders with their identities in one round trip where the server can. */
  folders(): Promise<readonly RemoteFolder[]>;
  /** Creates a folder (and subscribes); existing is success. Returns it as `folders()` would. */
  createFolder(path: string, type: MailFolderType): Promise<RemoteFolder>;
  /**
   * The path of a folder of this name below a parent ("": at the top). What would divide the name in two is
   * replaced. Throws `BackendError` "not allowed" where a folder cannot hold others.
   */
  childPath(parentPath: string, name: string): Promise<string>;
  /**
   * Renames a folder with all below it, subscriptions too. Throws `BackendError` "no such folder", "exists",
   * "not allowed".
   */
  renameFolder(path: string, toPath: string): Promise<void>;
  /** Deletes a folder and its items, none that lie below it. Throws `BackendError` "no such folder". */
  deleteFolder(path: string): Promise<void>;
  /** The feed of one folder; cheap, opens nothing by itself. */
  feed(path: string): Feed;
  /**
   * What the next request will most likely ask of a folder that was told to stand at `now`. A hint that changes no
   * answer: it may be read once this session is disposed of.
   */
  readAhead(path: string, now: Position, upcoming: Upcoming): void;
  /** Metadata of these items in one command; items that are gone are left out. `epoch` as in `remove`. */
  list(path: string, numbers: readonly number[], epoch?: string): Promise<readonly MailItem[]>;
  /** Parts in as few commands as grouping allows; what is gone is left out. `epoch` as in `remove`. */
  fetchParts(
    path: string,
    wanted: readonly PartWanted[],
    epoch?: string,
  ): Promise<readonly PartFetched[]>;
  /**
   * One part (or whole mail: section "") as a stream of wire octets; undefined when it is gone.
   * `epoch` of a FileReference must equal the folder's, else it is gone.
   */
  openPart(
    path: string,
    part: PartWanted & { readonly epoch: string },
  ): Promise<Readable | undefined>;
  /** Changes states, grouped by equal change. */
  setFlags(
    path: string,
    changes: readonly FlagChange[],
    only?: OnlyWhere,
  ): Promise<readonly ItemOutcome[]>;
  /**
   * Deletes for good (UID EXPUNGE where UIDPLUS is). Gone is success ("gone"). `epoch`: that of the numbers; in a
   * folder of another one all of them are gone.
   */
  remove(path: string, numbers: readonly number[], epoch?: string): Promise<readonly ItemOutcome[]>;
  /** Whether a move is one step of the server's own; else a break can leave a copy in each folder. */
  movesAtOnce(): Promise<boolean>;
  /**
   * Deletes for good all that is in a folder when it begins, in a few commands whatever there is; what arrives
   * meanwhile stays. Returns how many items the server kept.
   */
  removeAll(path: string): Promise<number>;
  /** Moves; `newNumber` by COPYUID where the server tells it. `epoch` as in `remove`. */
  move(
    path: string,
    numbers: readonly number[],
    toPath: string,
    epoch?: string,
  ): Promise<readonly ItemOutcome[]>;
  /** Copies; `newNumber` as `move` gives it. */
  copy(path: string, numbers: readonly number[], toPath: string): Promise<readonly ItemOutcome[]>;
  /**
   * What tells these mails (or all from a number on) from others and is the same for a copy in another folder,
   * by number. Equal mails that came at the same moment may share one.
   */
  identities(
    path: string,
    which: readonly number[] | { readonly from: number },
  ): Promise<ReadonlyMap<number, string>>;
  /** Appends a mail; returns its number where APPENDUID tells it. Throws `BackendError` "over quota" etc. */
  append(
    path: string,
    mime: Buffer | Octets,
    flags: Partial<MailFlags>,
  ): Promise<number | undefined>;
  /** Number of an item with this Message-ID at or above `from`, if any. */
  findByMessageId(path: string, messageId: string, from: number): Promise<number | undefined>;
  /** Looks for mails in a folder; case does not matter. Rejects with the reason of an aborted signal. */
  search(path: string, query: MailQuery, bounds: SearchBounds): Promise<FolderHits>;
  /** The conversations of a folder that have several mails, as far as those of its newest mails are known. */
  threads(path: string): Promise<readonly (readonly number[])[]>;
  /** Hints for these folders, most important first, until disposed of. */
  watch(paths: readonly string[], listener: (event: WatchEvent) => void): Promise<Disposable>;
}

/** One mail server (IMAP) of one mail domain. */
export interface MailBackend extends AsyncDisposable {
  /**
   * Leases the account's mailbox with a credential, signing in when no session of this credential is open.
   * Throws `LoginRefused` or `BackendUnavailable`.
   */
  open(accountId: string, credential: Credential, signal: AbortSignal): Promise<MailSession>;
  /** Signs in afresh only to check the credential. Throws as `open` does. */
  check(credential: Credential, signal: AbortSignal): Promise<void>;
  /**
   * What the server can do, for `eastgate check` and /readyz; with a credential what it can after login, which
   * servers tell only then. Throws `BackendUnavailable`, with a credential also `LoginRefused`.
   */
  probe(
    signal: AbortSignal,
    credential?: Credential,
  ): Promise<{ readonly capabilities: readonly string[] }>;
  /** Ends all sessions of an account at once (block, wipe, password change). */
  closeAccount(accountId: string): Promise<void>;
  /** Open sessions of this process, for the metrics. */
  sessions(): number;
}

/** A mail on its way out. */
export interface Outgoing {
  readonly from: string;
  readonly recipients: readonly string[];
  readonly mime: Buffer | Octets;
}

/** Sends mail (SMTP submission) with the credential of the user. */
export interface MailTransport extends AsyncDisposable {
  /** Resolves when the server took the mail (250 after DATA). Throws `SendRefused` or `BackendUnavailable`. */
  send(credential: Credential, mail: Outgoing, signal: AbortSignal): Promise<void>;
  /** Reaches the server and reads its greeting. Throws `BackendUnavailable`. */
  probe(signal: AbortSignal): Promise<{ readonly capabilities: readonly string[] }>;
}

/** The server said that login and password do not fit. */
export class LoginRefused extends Error {
  override name = "LoginRefused";
}

/** The server cannot be reached, is too slow, or broke off: HTTP 503 + Retry-After. */
export class BackendUnavailable extends Error {
  override name = "BackendUnavailable";
}

/** What a server refuses to do to a folder or an item. */
export type BackendFault =
  "no such folder" | "exists" | "over quota" | "too large" | "not allowed" | "failed";

/** The server refused an operation for a reason that a status of a command can tell. */
export class BackendError extends Error {
  override name = "BackendError";
  readonly fault: BackendFault;
  constructor(fault: BackendFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** Why a mail was not taken: all recipients refused, the sender refused, too large, or content refused. */
export type SendFault =
  "no recipients" | "recipients" | "sender" | "too large" | "rejected" | "login" | "over quota";

/** The submission server refused a mail. */
export class SendRefused extends Error {
  override name = "SendRefused";
  readonly fault: SendFault;
  /** Recipients that were refused, as the server was told them. */
  readonly recipients: readonly string[];
  constructor(fault: SendFault, message: string, recipients: readonly string[] = []) {
    super(message);
    this.fault = fault;
    this.recipients = recipients;
  }
}
