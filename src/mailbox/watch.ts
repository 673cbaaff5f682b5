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

const hierarchyChanged: MailboxEvent = { collectionId: undefined, kind: "change" };

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
  if (ids.size === 0) return { [Symbol.dispose]: () => {} };
  const session = await source.session();
  return await session.watch([...ids.keys()], ({ path, kind }) => {
    const collectionId = ids.get(path);
    if (collectionId !== undefined) listener({ collectionId, kind });
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
