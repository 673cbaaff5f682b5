/** Items as sync/ must know them: flags and day of arrival. */
import type { Changes, FeedItem, NumberRange } from "../../feed.ts";
import { mailVersion } from "../../items/email/version.ts";
import type { MailFlags, MailItem } from "../../items/email/message.ts";
import { dayOf } from "../../kit/clock.ts";
import type { Argument, ImapConnection, Parsed, Untagged } from "./connection.ts";
import { rangesPerCommand } from "./limits.ts";
import { flagsIn, isListed, listedItems, toItem } from "./list.ts";
import { fetchMails } from "./fetching.ts";
import { atom, pairsOf, textOf, vanishedOf } from "./tokens.ts";

const metadata = [atom("UID"), atom("FLAGS"), atom("INTERNALDATE")];

/** What is fetched along with feed items, theirs included. */
export interface Along {
  readonly items: readonly Argument[];
  /** Takes the answer of an item. */
  take(number: number, answer: Answer): void;
}

/** What a FETCH tells of one item. */
export interface Answer {
  readonly values: ReadonlyMap<string, Parsed>;
  readonly flags: MailFlags;
}

/** The metadata of each item along with it. */
export function listing(keep: (item: MailItem) => void): Along {
  return {
    items: listedItems,
    take: (number, { values, flags }) => keep(toItem(number, values, flags)),
  };
}

/** What a fetch of feed items may want beside them. */
export interface Wanted {
  readonly modifiers?: readonly Argument[];
  readonly along?: Along | undefined;
}

/** The items of ascending ranges, each as it was told last. */
export async function fetchFeedItems(
  connection: ImapConnection,
  ranges: readonly NumberRange[],
  { modifiers = [], along }: Wanted = {},
): Promise<Changes> {
  const items = new Map<number, FeedItem>();
  const gone: NumberRange[] = [];
  const [lowest, highest] = [ranges[0]?.low ?? 1, ranges.at(-1)?.high ?? 0];
  const hear = {
    FETCH: (untagged: Untagged): void => {
      const values = pairsOf(untagged.attributes?.[1]);
      const flags = flagsIn(values);
      const item = itemOf(values, flags);
      // "low:high" beyond the last UID would name the last item (RFC 3501 6.4.8).
      if (item === undefined || item.number < lowest || item.number > highest) return;
      items.set(item.number, item);
      if (isListed(values)) along?.take(item.number, { values, flags });
    },
    VANISHED: (untagged: Untagged): void => void gone.push(...vanishedOf(untagged)),
  };
  for (let at = 0; at < ranges.length; at += rangesPerCommand) {
    const piece = ranges.slice(at, at + rangesPerCommand);
    const wanted = along?.items ?? metadata;
    const asked = { of: "metadata" as const, ranges: piece, items: wanted, modifiers };
    await fetchMails(connection, asked, hear);
  }
  return { items: [...items.values()], gone };
}

function itemOf(pairs: ReadonlyMap<string, Parsed>, flags: MailFlags): FeedItem | undefined {
  const number = Number(textOf(pairs.get("UID")));
  // A FETCH without INTERNALDATE is news of another client, not an answer.
  const received = textOf(pairs.get("INTERNALDATE"));
  if (!Number.isSafeInteger(number) || received === undefined) return undefined;
  const day = dayOf(new Date(received).getTime());
  return {
    number,
    version: mailVersion(flags),
    labels: flags.categories,
    day: Number.isFinite(day) ? day : 0,
  };
}
