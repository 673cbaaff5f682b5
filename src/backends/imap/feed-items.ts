/** Items as sync/ must know them: flags and day of arrival. */
import type { Changes, FeedItem, NumberRange } from "../../feed.ts";
import { mailVersion } from "../../items/email/version.ts";
import type { Argument, ImapConnection, Untagged } from "./connection.ts";
import { flagsOf } from "./flags.ts";
import { rangesPerCommand } from "./limits.ts";
import { entriesOf, formatRanges, pairsOf, textOf, vanishedOf } from "./tokens.ts";

const dayMs = 86_400_000;

const atom = (value: string): Argument => ({ type: "ATOM", value });
const metadata = [atom("UID"), atom("FLAGS"), atom("INTERNALDATE")];

/** The items of ascending ranges, each as it was told last. */
export async function fetchFeedItems(
  connection: ImapConnection,
  ranges: readonly NumberRange[],
  modifiers: readonly Argument[],
): Promise<Changes> {
  const items = new Map<number, FeedItem>();
  const gone: NumberRange[] = [];
  const [lowest, highest] = [ranges[0]?.low ?? 1, ranges.at(-1)?.high ?? 0];
  const hear = {
    FETCH: (untagged: Untagged): void => {
      const item = itemOf(untagged);
      // "low:high" beyond the last UID would name the last item (RFC 3501 6.4.8).
      if (item !== undefined && item.number >= lowest && item.number <= highest) {
        items.set(item.number, item);
      }
    },
    VANISHED: (untagged: Untagged): void => void gone.push(...vanishedOf(untagged)),
  };
  for (let at = 0; at < ranges.length; at += rangesPerCommand) {
    const piece = formatRanges(ranges.slice(at, at + rangesPerCommand));
    const request = [{ type: "SEQUENCE" as const, value: piece }, metadata];
    const whole = modifiers.length > 0 ? [...request, modifiers] : request;
    await connection.exec("UID FETCH", whole, hear);
  }
  return { items: [...items.values()], gone };
}

function itemOf({ attributes }: Untagged): FeedItem | undefined {
  const pairs = pairsOf(attributes?.[1]);
  const number = Number(textOf(pairs.get("UID")));
  // A FETCH without INTERNALDATE is news of another client, not an answer.
  const received = textOf(pairs.get("INTERNALDATE"));
  if (!Number.isSafeInteger(number) || received === undefined) return undefined;
  const names = entriesOf(pairs.get("FLAGS")).map((flag) => textOf(flag) ?? "");
  const flags = flagsOf(new Set(names));
  const day = Math.floor(new Date(received).getTime() / dayMs);
  return {
    number,
    version: mailVersion(flags),
    labels: flags.categories,
    day: Number.isFinite(day) ? day : 0,
  };
}
