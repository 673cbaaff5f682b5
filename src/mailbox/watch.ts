/** Hints for a held request: watched folders by the backend, the hierarchy by a poll and by other requests. */
import type { MailSession } from "../backend.ts";
import type { Clock, Timer } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { isNoSuchFolder, type Folders } from "./folders.ts";
import type { Hints } from "./hints.ts";
import { hierarchyPollSeconds } from "./limits.ts";
import type { MailboxEvent } from "./mailbox.ts";

/** What watching needs of the account and the gateway. */
export interface WatchSource {
  readonly accountId: string;
  readonly clock: Clock;
  readonly log: Log;
  readonly folders: Folders;
  readonly hints: Hints;
  session(): Promise<MailSession>;
}

type Listener = (event: MailboxEvent) => void;

/** Folders change one by one: nothing is gained by waiting for quiet. */
const hierarchyChanged: MailboxEvent = { collectionId: undefined, kind: "arrival" };

/** Watches collections, most important first; those without items have nothing to watch. */
export async function watchCollections(
  source: WatchSource,
  collectionIds: readonly string[],
  listener: Listener,
): Promise<Disposable> {
  const ids = new Map<string, string>();
  for (const collectionId of collectionIds) {
    const row = await findOpen(source.folders, collectionId);
    if (row?.selectable === true) ids.set(row.path, collectionId);
  }
  using stack = new DisposableStack();
  stack.use(watchForLoss(source, collectionIds, listener));
  if (ids.size === 0) return stack.move();
  const session = await source.session();
  const watch = await session.watch([...ids.keys()], ({ path, kind }) => {
    const collectionId = ids.get(path);
    if (collectionId !== undefined) listener({ collectionId, kind });
  });
  stack.use(watch);
  return stack.move();
}

/** Whoever waits for a folder hears at once that another request has deleted it. */
function watchForLoss(
  { accountId, folders, hints, log }: WatchSource,
  collectionIds: readonly string[],
  listener: Listener,
): Disposable {
  const look = async (): Promise<void> => {
    for (const collectionId of collectionIds) {
      const row = await folders.find(collectionId);
      if (row === undefined) listener({ collectionId, kind: "arrival" });
    }
  };
  return hints.onHierarchy(accountId, () => {
    look().catch((error: unknown) => log.warn({ err: error }, "Folders could not be looked for."));
  });
}

/** A folder that is gone cannot be watched: the look that the wait begins with tells the device. */
async function findOpen(folders: Folders, collectionId: string) {
  try {
    return await folders.get(collectionId);
  } catch (error) {
    if (!isNoSuchFolder(error)) throw error;
    return undefined;
  }
}

/** Watches the hierarchy: lists the folders now and then; a change wakes all watchers of the account. */
export function watchHierarchy(source: WatchSource, listener: Listener): Disposable {
  const hint = source.hints.onHierarchy(source.accountId, () => listener(hierarchyChanged));
  let timer: Timer | undefined;
  let isOver = false;
  const poll = async (): Promise<void> => {
    try {
      await source.folders.refresh();
    } catch (error) {
      if (isOver) return;
      source.log.warn({ err: error }, "The folders of a held request could not be listed.");
    }
    if (!isOver) pollLater();
  };
  const pollLater = (): void => {
    timer = source.clock.after(hierarchyPollSeconds * 1000, () => void poll());
  };
  pollLater();
  const dispose = (): void => {
    isOver = true;
    timer?.cancel();
    hint[Symbol.dispose]();
  };
  return { [Symbol.dispose]: dispose };
}
