/** A feed that tells apart what is kept here of mails: what was done last with them, and what was said of their flags. */
import type { Feed, FeedItem } from "../feed.ts";
import { hasVerb } from "../items/email/version.ts";
import type { KeptOf, KeptRows } from "../store/kept.ts";
import { isFlagged, type FollowUps } from "./follow-ups.ts";
import { stamped } from "./verbs.ts";

/** Where a feed looks for what is kept. */
export interface Kept {
  readonly list: (of: KeptOf) => Promise<KeptRows>;
  readonly followUps: FollowUps;
  /**
   * Whether there are follow-ups at all: then it is seen too which of them other clients cleared, and which mails
   * are gone; else only mails that are flagged are asked for.
   */
  readonly hasFollowUps: boolean;
}

/** The feed with stamps in the versions and marks in the labels; one question for all items of an answer. */
export function keptFeed(feed: Feed, { list, followUps, hasFollowUps }: Kept): Feed {
  const told = async (items: readonly FeedItem[]): Promise<readonly FeedItem[]> => {
    const done = numbersOf(items.filter(({ version }) => hasVerb(version)));
    const flagged = numbersOf(hasFollowUps ? items : items.filter(isFlagged));
    const rows = await list({ done, flagged });
    return await followUps.labelled(stamped(items, rows.verbs), rows.followUps);
  };
  return {
    position: () => feed.position(),
    changed: async (range, known) => {
      const { items, gone } = await feed.changed(range, known);
      if (hasFollowUps) followUps.leave(gone);
      return { items: await told(items), gone };
    },
    newest: async (range, limit) => {
      const { items, reached } = await feed.newest(range, limit);
      return { items: await told(items), reached };
    },
    within: (range, sinceDay) => feed.within(range, sinceDay),
    withinKnown: (known, sinceDay) => feed.withinKnown(known, sinceDay),
  };
}

function numbersOf(items: readonly FeedItem[]): number[] {
  return items.map(({ number }) => number);
}
