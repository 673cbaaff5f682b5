/** The feed of one folder by its id: finds the folder again after a rename, translates aliases. */
import type { Feed, Position } from "../feed.ts";
import type { MailSession } from "../backend.ts";
import type { FoundCollection } from "../store/collections.ts";
import type { Folders } from "./folders.ts";
import { verbedFeed } from "./verbs.ts";
import type { VerbRow } from "../store/verbs.ts";
import { aliasedFeed, type Aliases } from "./aliased.ts";

/** The feed of a folder that has no items: the Outbox, a NOSELECT parent. */
export const emptyFeed: Feed = {
  position: async () => ({ epoch: "1", mark: 0n, next: 1, count: 0 }),
  changed: async () => ({ items: [], gone: [] }),
  newest: async (range) => ({ items: [], reached: range.low }),
  within: async () => [],
  withinKnown: async () => [],
};

/** Gives the aliases of a folder. */
export type AliasesOf = (collectionId: string, row: FoundCollection) => Promise<Aliases>;

/** What the store knows of a folder's items. */
export interface ItemNames {
  readonly aliasesOf: AliasesOf;
  verbsOf(row: FoundCollection, numbers: readonly number[]): Promise<readonly VerbRow[]>;
}

/** A folder's feed; each call finds the folder's present path. */
export function folderFeed(folders: Folders, collectionId: string, names: ItemNames): Feed {
  const feeds = new Map<string, Feed>();
  const run = <Result>(ask: (feed: Feed, row: FoundCollection) => Promise<Result>) =>
    folders.at(collectionId, async (session, row) => {
      const feed = remember(feeds, session, row.path);
      const aliased = aliasedFeed(feed, await names.aliasesOf(collectionId, row));
      return await ask(
        verbedFeed(aliased, (numbers) => names.verbsOf(row, numbers)),
        row,
      );
    });
  const position = async (): Promise<{ position: Position; row: FoundCollection }> =>
    await run(async (feed, row) => ({ position: await feed.position(), row }));
  let checked = false;
  return {
    position: async () => {
      const first = await position();
      if (checked || first.position.epoch === first.row.epoch) return first.position;
      checked = true;
      await folders.refresh();
      return (await position()).position;
    },
    changed: async (range, known) => await run((feed) => feed.changed(range, known)),
    newest: async (range, limit) => await run((feed) => feed.newest(range, limit)),
    within: async (range, sinceDay) => await run((feed) => feed.within(range, sinceDay)),
    withinKnown: async (known, sinceDay) => await run((feed) => feed.withinKnown(known, sinceDay)),
  };
}

function remember(feeds: Map<string, Feed>, session: MailSession, path: string): Feed {
  const feed = feeds.get(path) ?? session.feed(path);
  feeds.set(path, feed);
  return feed;
}
