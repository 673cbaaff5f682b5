/** What the rest of the gateway sees of `sync/`. */
import type { Feed, NumberRange, Position } from "../feed.ts";

export { StoreUnavailable } from "../store/errors.ts";

/** A user's account on one device: whose sync state it is. Both are row ids of the store. */
export interface Partnership {
  readonly accountId: string;
  readonly deviceId: string;
}

/** One thing that the device must be told. */
export interface Operation {
  readonly kind: "add" | "change" | "delete" | "softDelete";
  readonly number: number;
  /**
   * Of a change: the bits in which the version differs from the one that the device had. The ninth bit: labels
   * differ; the tenth: labels that begin with U+0001 do, which hold state beside the version's bits.
   */
  readonly differs?: number;
}

/** What became of one upload; kept so that a repeated request gets the same answer. */
export interface UploadResult {
  readonly kind: "add" | "change" | "delete" | "fetch";
  /** ClientId of an Add. */
  readonly clientId?: string;
  /** Item number (undefined when an Add failed). */
  readonly number?: number;
  /** ServerId as the client gave it, when it names no item of the collection. */
  readonly serverId?: string;
  /** The occurrence of the item that the client named. */
  readonly instanceId?: string;
  /** Status of the Sync command's Responses. */
  readonly status: number;
  /** What else the answer tells (JSON of the command's own making). */
  readonly detail?: unknown;
}

/** What the last answer for a collection held. */
export interface Answer {
  readonly operations: readonly Operation[];
  readonly uploads: readonly UploadResult[];
  readonly more: boolean;
}

/** Limits of one plan. */
export interface Window {
  /** Most operations that this answer may hold. */
  readonly windowSize: number;
  /** First day inside the FilterType window (days since 1970-01-01 UTC); 0 = everything. */
  readonly sinceDay: number;
  /** Whether older items are inside with the conversation of one that is (ConversationMode); the feed says which. */
  readonly withConversations?: boolean;
  /** False leaves out items that merely grew too old for the window: they never wake a Ping. */
  readonly ageing?: boolean;
}

/**
 * State of a collection on a device as this request sees it: immutable from outside; `plan` and
 * `uploaded` give new ones. Only `sync/` looks inside.
 */
export interface Head {
  readonly collectionId: string;
  /** The epoch that the device's numbers belong to; "" before the first plan. */
  readonly epoch: string;
  /** Sticky options of the collection (JSON of the command's own making), undefined at first. */
  readonly options: unknown;
}

/** A collection opened under a key of the device. */
export interface Opened {
  /**
   * initial: key 0. next: the current key, go on. retry: the previous key with another request: state is
   * one answer back, `applied` tells which uploads were done. again: the previous key with the same
   * request: `answer` is to be given once more, with the same new key.
   */
  readonly kind: "initial" | "next" | "retry" | "again";
  readonly head: Head;
  /** Results of uploads that the lost answer held (retry). */
  readonly applied: readonly UploadResult[];
  /** What to repeat (again), and under which key. */
  readonly answer?: Answer & { readonly key: string };
}

/** What to tell the device, and the state it then has. */
export interface Planned {
  readonly operations: readonly Operation[];
  readonly next: Head;
  /** MoreAvailable: the window ended before the changes did. */
  readonly more: boolean;
  /** What the plan of `next` asks first while nothing happens, where it looks at what it never looked at. */
  readonly upcoming?: Expected | undefined;
}

/** A question to `Feed.newest` of a collection that stands at `position`. */
export interface Expected {
  readonly position: Position;
  readonly range: NumberRange;
  readonly limit: number;
}

/** A device's own change, as far as its known version goes: only the property that it changed. */
export interface Uploaded {
  readonly number: number;
  /** "remove": the device deleted or moved it away itself. */
  readonly effect: "remove" | "patch" | "add";
  /** New version from the old one (patch, add); gets 0 for an unknown item. */
  readonly version?: (before: number) => number;
  /** New labels from the old ones, when they were changed (patch, add); gets none for an unknown item. */
  readonly labels?: (before: readonly string[]) => readonly string[];
}

/** An item as a device has it. */
export interface Acquired {
  readonly number: number;
  readonly version: number;
  readonly labels: readonly string[];
}

/** The sync states of all partnerships. */
export interface SyncStates {
  /** Opens a collection under the device's key. Throws `InvalidSyncKey` (Status 3). */
  open(
    partnership: Partnership,
    collectionId: string,
    key: string,
    request: { readonly hash: string; readonly signal: AbortSignal },
  ): Promise<Opened>;
  /** The state under the device's current key, without opening (Ping, GetItemEstimate); undefined: never synced. */
  peek(partnership: Partnership, collectionId: string, key?: string): Promise<Head | undefined>;
  /** What the device must be told within the window. Throws `InvalidSyncKey` on another epoch. */
  plan(head: Head, feed: Feed, window: Window): Promise<Planned>;
  /** The state after the device's own uploads. */
  uploaded(head: Head, changes: readonly Uploaded[]): Promise<Head>;
  /**
   * The device got items in another way than by a Sync of the collection: kept under the SAME key, so that no
   * Add tells of them. Those that it has are left alone; nothing is kept of a collection that it never synced.
   */
  acquired(
    partnership: Partnership,
    collectionId: string,
    items: readonly Acquired[],
    signal: AbortSignal,
  ): Promise<void>;
  /** The state with other sticky options. */
  withOptions(head: Head, options: unknown): Head;
  /** How many changes wait for the device (GetItemEstimate), counted no further than `limit`. */
  estimate(head: Head, feed: Feed, window: Window): Promise<number>;
  /** Marks moved, nothing visible changed: kept under the SAME key; lost races are no fault. */
  touch(head: Head, next: Head): Promise<void>;
  /** Compare-and-set on the key: keeps `next` and `answer`, gives the new key. Throws `KeyTaken`. */
  commit(opened: Opened, next: Head, answer: Answer): Promise<string>;
  /** Gives the lease back without a change (an error, nothing to say). Harmless after `commit`. */
  release(opened: Opened): Promise<void>;
  /** Those of these items that the device has, by number. */
  known(
    head: Head,
    numbers: readonly number[],
  ): Promise<ReadonlyMap<number, { readonly version: number; readonly labels: readonly string[] }>>;
  /** Forgets a collection of a partnership (folder deleted). */
  forget(partnership: Partnership, collectionId: string): Promise<void>;
}

/** The key is not the current nor the previous one, or its epoch has passed: Status 3. */
export class InvalidSyncKey extends Error {
  override name = "InvalidSyncKey";
}

/** Somebody else answered this key in the meantime: open again, it will be "again" or "retry". */
export class KeyTaken extends Error {
  override name = "KeyTaken";
}
