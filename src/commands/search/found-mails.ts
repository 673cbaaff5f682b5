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
  const all = await present(longIds, results.areKept, context);
  const items = all.map(({ item }) => item);
  const mails = affordable(planMails(context, items, options));
  const shown = all.slice(0, mails.length).map((each, at) => ({ ...each, mail: mails[at]! }));
  const next = all[mails.length];
  const count = next === undefined ? longIds.length : longIds.indexOf(next.longId);
  return { mails: await mapped(shown, context), count };
}

/** Asks each folder once; `checks`: whether the folder may have got new numbers since. */
async function present(
  longIds: readonly string[],
  checks: boolean,
  context: Context,
): Promise<Present[]> {
  const named = longIds.flatMap((longId) => {
    const found = parseReference(longId);
    return found === undefined ? [] : [{ longId, found }];
  });
  const items = new Map<string, MailItem>();
  for (const [collectionId, group] of byCollection(named)) {
    const epoch = checks ? await epochOf(collectionId, context) : undefined;
    const current = group.filter(({ found }) => epoch === undefined || found.epoch === epoch);
    const numbers = current.map(({ found }) => found.number);
    for (const item of await listed(collectionId, numbers, context)) {
      items.set(`${collectionId}:${item.number}`, item);
    }
  }
  return named.flatMap(({ longId, found }) => {
    const item = items.get(`${found.collectionId}:${found.number}`);
    return item === undefined ? [] : [{ longId, found, item }];
  });
}

function byCollection<Named extends { readonly found: FoundItem }>(
  named: readonly Named[],
): ReadonlyMap<string, readonly Named[]> {
  return Map.groupBy(named, ({ found }) => found.collectionId);
}

async function epochOf(collectionId: string, context: Context): Promise<string> {
  return await unlessGone("", async () => {
    const feed = await context.mailbox.feed(collectionId);
    return (await feed.position()).epoch;
  });
}

async function listed(
  collectionId: string,
  numbers: readonly number[],
  { mailbox }: Context,
): Promise<readonly MailItem[]> {
  if (numbers.length === 0) return [];
  return await unlessGone([], () => mailbox.list(collectionId, numbers));
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
  for (const [collectionId, group] of byCollection(shown)) {
    const mails = group.map(({ mail }) => mail);
    const { data, unmapped } = await mapMails(context, collectionId, mails);
    await reportUnmapped(context, collectionId, unmapped);
    for (const [number, email] of data) emails.set(`${collectionId}:${number}`, email);
  }
  return shown.flatMap(({ longId, found: { collectionId }, item }) => {
    const email = emails.get(`${collectionId}:${item.number}`);
    return email === undefined ? [] : [{ longId, collectionId, item, email }];
  });
}
