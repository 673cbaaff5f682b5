/** The feed of one folder by its id: finds the folder again after a rename, translates aliases. */
import type { Feed, Position } from "../feed.ts";
import type { MailSession } from "../backend.ts";
import type { AliasRow } from "../store/aliases.ts";
import type { FoundCollection } from "../store/collections.ts";
import type { KeptOf, KeptRows } from "../store/kept.ts";
import type { AliasBook } from "./alias-book.ts";
import type { FollowUps } from "./follow-ups.ts";
import type { Folders } from "./folders.ts";
import { keptFeed } from "./kept-feed.ts";
import { aliasedFeed } from "./aliased.ts";

/** The feed of a folder that has no items: the Outbox, a NOSELECT parent. */
export const emptyFeed: Feed = {
  position: async () => ({ epoch: "1", mark: 0n, next: 1, count: 0 }),
  changed: async () => ({ items: [], gone: [] }),
  newest: async (range) => ({ items: [], reached: range.low }),
  within: async () => [],
  withinKnown: async () => [],
};

/** What the store knows of a folder's items. */
export interface ItemNames {
  readonly aliases: AliasBook;
  followUpsOf(row: FoundCollection): FollowUps;
  keptOf(row: FoundCollection, of: KeptOf): Promise<KeptRows>;
}

/** A folder's feed; each call finds the folder's present path. */
export function folderFeed(folders: Folders, collectionId: string, names: ItemNames): Feed {
  const feeds = new Map<string, Feed>();
  let next = Infinity;
  const run = <Result>(ask: (feed: Feed) => Promise<Result>) =>
    folders.at(collectionId, async (session, row) => {
      const feed = remember(feeds, session, row.path);
      const { aliases } = names;
      const followUps = names.followUpsOf(row);
      let known = await aliases.of(row);
      for (;;) {
        let gone: readonly AliasRow[] = [];
        const aliased = aliasedFeed(feed, known, { next, onGone: (rows) => (gone = rows) });
        const list = (of: KeptOf): Promise<KeptRows> => names.keptOf(row, of);
        const result = await ask(
          keptFeed(aliased, { list, followUps, hasFollowUps: row.followed }),
        );
        // An item that was named meanwhile may be another's new version: its alias is there by now.
        const settled = await aliases.settled(row);
        if (settled === known) {
          await followUps.settle();
          await aliases.prune(row, gone);
          return result;
        }
        known = settled;
      }
    });
  const position = () =>
    folders.at(collectionId, async (session, row) => {
      const found = await remember(feeds, session, row.path).position();
      next = found.next;
      return { position: found, row };
    });
  let checked = false;
  return {
    position: async () => {
      const first: { position: Position; row: FoundCollection } = await position();
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
