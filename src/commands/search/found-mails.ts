/** Mails that a search found, in the order of the results, each as its ApplicationData. */
import type { EmailData } from "../../items/email/data.ts";
import type { MailItem } from "../../items/email/message.ts";
import type { MailOptions } from "../../items/email/options.ts";
import type { FoundItem } from "../../mailbox/mailbox.ts";
import { parseReference } from "../../mailbox/references.ts";
import { BackendError } from "../../backend.ts";
import { affordable, mapMails, planMails, reportUnmapped, type PlannedMail } from "../content.ts";
import type { Context } from "../context.ts";
import type { ResultRange } from "./range.ts";
import type { Results } from "./result-set.ts";

/** One result. */
export interface FoundMail {
  readonly longId: string;
  readonly collectionId: string;
  readonly item: MailItem;
  readonly email: EmailData;
}

/** The mails of a range of results, and how many places of it they stand for. */
export interface FoundPage {
  readonly mails: readonly FoundMail[];
  readonly count: number;
}

/** A result whose mail is there. */
interface Present {
  readonly longId: string;
  readonly found: FoundItem;
  readonly item: MailItem;
}

/** The mails of a range; those that are gone since are left out (MS-ASCMD R3757). */
export async function foundMails(
  results: Results,
  { first, last }: ResultRange,
  options: MailOptions,
  context: Context,
): Promise<FoundPage> {
  const longIds = results.longIds.slice(first, last + 1);
  const all = await present(longIds, context);
  const items = all.map(({ item }) => item);
  const mails = affordable(planMails(context, items, options));
  const shown = all.slice(0, mails.length).map((each, at) => ({ ...each, mail: mails[at]! }));
  const next = all[mails.length];
  const count = next === undefined ? longIds.length : longIds.indexOf(next.longId);
  return { mails: await mapped(shown, context), count };
}

/** Asks each folder once; in one that got new numbers since, nothing of the old ones is there. */
async function present(longIds: readonly string[], context: Context): Promise<Present[]> {
  const named = longIds.flatMap((longId) => {
    const found = parseReference(longId);
    return found === undefined ? [] : [{ longId, found }];
  });
  const items = new Map<string, MailItem>();
  for (const group of byFolder(named)) {
    const numbers = group.map(({ found }) => found.number);
    const listed = await listedOf(group[0].found, numbers, context);
    for (const item of listed) items.set(nameOf({ ...group[0].found, number: item.number }), item);
  }
  return named.flatMap(({ longId, found }) => {
    const item = items.get(nameOf(found));
    return item === undefined ? [] : [{ longId, found, item }];
  });
}

type Group<Named> = readonly [Named, ...Named[]];

/** What was found in each folder, under the same epoch. */
function byFolder<Named extends { readonly found: FoundItem }>(
  named: readonly Named[],
): Iterable<Group<Named>> {
  const groups = Map.groupBy(named, ({ found }) => `${found.collectionId}:${found.epoch}`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- no group is empty
  return groups.values() as Iterable<Group<Named>>;
}

function nameOf({ collectionId, epoch, number }: FoundItem): string {
  return `${collectionId}:${epoch}:${number}`;
}

async function listedOf(
  { collectionId, epoch }: FoundItem,
  numbers: readonly number[],
  { mailbox }: Context,
): Promise<readonly MailItem[]> {
  return await unlessGone([], () => mailbox.list(collectionId, numbers, epoch));
}

/** A folder that went since the search takes its mails with it. */
async function unlessGone<Result>(gone: Result, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof BackendError && error.fault === "no such folder") return gone;
    throw error;
  }
}

async function mapped(
  shown: readonly (Present & { readonly mail: PlannedMail })[],
  context: Context,
): Promise<FoundMail[]> {
  const emails = new Map<string, EmailData>();
  for (const group of byFolder(shown)) {
    const { found } = group[0];
    const mails = group.map(({ mail }) => mail);
    const { data, unmapped } = await mapMails(context, found, mails);
    await reportUnmapped(context, found.collectionId, unmapped);
    for (const [number, email] of data) emails.set(nameOf({ ...found, number }), email);
  }
  return shown.flatMap(({ longId, found, item }) => {
    const email = emails.get(nameOf(found));
    return email === undefined ? [] : [{ longId, collectionId: found.collectionId, item, email }];
  });
}
