/** What a held Ping or Sync looks at: whether a Sync would now deliver something. */
import { BackendError, BackendUnavailable } from "../backend.ts";
import type { Feed, Position } from "../feed.ts";
import { InvalidSyncKey, KeyTaken, type Head, type Operation } from "../sync/types.ts";
import type { Context } from "./context.ts";
import { endsRequest } from "./faults.ts";
import { feedFor, insideOf, stickyOptions, unfiltered } from "./sync/options.ts";

/** CollectionId under which the folder hierarchy keeps its sync state. */
export const hierarchyId = "0";

/** Ageing alone never wakes a device: it comes with the next Sync. */
const oneChange = { windowSize: 1, ageing: false } as const;

/** Looks of one held request. Each look is a dry run of the plan against the last Sync's state. */
export class Looks {
  readonly #context: Context;
  /** Where collections that were never synced stood when the wait began: iOS pings before its first Sync. */
  readonly #bases = new Map<string, Position>();

  constructor(context: Context) {
    this.#context = context;
  }

  /** Whether a Sync (or FolderSync: undefined) would tell the device something. */
  async look(watched: string | undefined): Promise<boolean> {
    const collectionId = watched ?? hierarchyId;
    try {
      return await this.#lookTwice(watched, collectionId);
    } catch (error) {
      return this.#isNews(error, collectionId);
    }
  }

  /** A connection that broke off is no reason to end a wait: a look changes nothing and is done once more. */
  async #lookTwice(watched: string | undefined, collectionId: string): Promise<boolean> {
    try {
      return await this.#lookOnce(watched, collectionId);
    } catch (error) {
      if (!(error instanceof BackendUnavailable) || this.#context.signal.aborted) throw error;
      return await this.#lookOnce(watched, collectionId);
    }
  }

  async #lookOnce(watched: string | undefined, collectionId: string): Promise<boolean> {
    const head = await this.#head(collectionId);
    const feed = await this.#feed(watched, head);
    if (head === undefined) return this.#movedSinceArrival(collectionId, feed);
    return this.#isVisible(head, feed);
  }

  /** Whether a look that failed is to be told. One folder that cannot be read must not stop the others' wait. */
  #isNews(error: unknown, collectionId: string): boolean {
    const { log, signal } = this.#context;
    if (endsRequest(error, signal)) throw error;
    // The Sync that follows says what to do: Status 3 for a new epoch, 12 for a folder that is gone.
    if (error instanceof InvalidSyncKey || error instanceof KeyTaken) return true;
    if (error instanceof BackendError && error.fault === "no such folder") return true;
    log.warn({ collectionId, err: error }, "a folder cannot be looked at");
    return false;
  }

  async #isVisible(head: Head, feed: Feed): Promise<boolean> {
    const { sync, clock } = this.#context;
    const inside = insideOf(stickyOptions(head), clock.now());
    const planned = await sync.plan(head, feed, { ...oneChange, ...inside });
    const [operation] = planned.operations;
    if (operation === undefined) {
      await sync.touch(head, planned.next);
      return false;
    }
    // A mail that goes with its conversation is no news here: a Sync would not tell of it.
    return (await this.#goes(head.collectionId, operation)) ? this.#isVisible(head, feed) : true;
  }

  async #goes(collectionId: string, { kind, number }: Operation): Promise<boolean> {
    if (kind !== "add" || collectionId === hierarchyId) return false;
    const { mailbox } = this.#context;
    const items = () => mailbox.list(collectionId, [number]);
    return (await mailbox.followConversations(collectionId, items)).length > 0;
  }

  #feed(watched: string | undefined, head: Head | undefined): Promise<Feed> {
    const { mailbox, clock } = this.#context;
    if (watched === undefined) return mailbox.hierarchy();
    const inside = head === undefined ? unfiltered : insideOf(stickyOptions(head), clock.now());
    return feedFor(mailbox, watched, inside);
  }

  #head(collectionId: string): Promise<Head | undefined> {
    const { sync, account, device } = this.#context;
    return sync.peek({ accountId: account.id, deviceId: device.id }, collectionId);
  }

  async #movedSinceArrival(collectionId: string, feed: Feed): Promise<boolean> {
    const now = await feed.position();
    const base = this.#bases.get(collectionId);
    if (base === undefined) this.#bases.set(collectionId, now);
    return base !== undefined && (base.next !== now.next || base.count !== now.count);
  }
}

/** Holds the request until one of the collections has something to tell; hierarchy only when asked. */
export async function hold(
  context: Context,
  wait: { collectionIds: readonly string[]; hierarchy: boolean; heartbeatSeconds: number },
) {
  const { push, mailbox, devices, device, signal } = context;
  const looks = new Looks(context);
  return push.wait({
    deviceId: device.id,
    epoch: await devices.bumpWaitEpoch(device),
    heartbeatSeconds: wait.heartbeatSeconds,
    watched: wait.hierarchy ? [...wait.collectionIds, undefined] : wait.collectionIds,
    watch: (listener) => mailbox.watch(wait.collectionIds, wait.hierarchy, listener),
    look: (watched) => looks.look(watched),
    signal,
  });
}
