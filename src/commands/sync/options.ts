/** Sticky options of a collection: kept with its state until a request brings new ones. */
import { mailOptions25, type MailOptions } from "../../items/email/options.ts";
import type { Feed } from "../../feed.ts";
import { dayOf } from "../../kit/clock.ts";
import type { Mailbox } from "../../mailbox/mailbox.ts";
import type { Head, Window } from "../../sync/types.ts";
import type { Context } from "../context.ts";
import type { AskedCollection, KeptOptions, SyncOptions } from "./types.ts";

/** Days of each FilterType that mail may have: 0 everything, 1 day, 3 days, 1, 2 weeks, 1 month. */
const filterDays: Readonly<Record<number, number>> = { 1: 1, 2: 3, 3: 7, 4: 14, 5: 31 };

const dayMs = 86_400_000;

/**
 * The options that hold for this request: a new Options element replaces the earlier one whole
 * (MS-ASCMD 2.2.3.125.6). Of two, the one for another class (SMS) is not ours.
 */
export function optionsFor(asked: AskedCollection, head: Head): KeptOptions | undefined {
  const own = asked.Options.find((options) => (options.Class ?? "Email") === "Email");
  const kept = stickyOptions(head);
  const ConversationMode = asked.ConversationMode ?? kept?.ConversationMode;
  const options = own ?? kept;
  if (ConversationMode === undefined) return options;
  return { BodyPreference: [], ...options, ConversationMode };
}

/** The options that the last Sync left with the state. */
export function stickyOptions(head: Head): KeptOptions | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only Sync puts them there
  return head.options as KeptOptions | undefined;
}

/** Whether mail can be filtered so (MS-ASCMD 2.2.3.68.2). */
export function isMailFilter(filterType: number | undefined): boolean {
  return filterType === undefined || filterType === 0 || filterType in filterDays;
}

/**
 * Whether the Options of a collection can be followed: each class once, only Email and SMS side by side
 * (MS-ASCMD 2.2.3.29.5, R930, R935), each type of body once (MS-ASAIRS 3.2.5.1, R349).
 */
export function areAcceptable(all: readonly SyncOptions[]): boolean {
  return areClassesTogether(all) && all.every(isAcceptable);
}

/** Whether one collection can hold all these classes: each named once, only Email and SMS side by side. */
export function areClassesTogether(
  all: readonly { readonly Class?: string | undefined }[],
): boolean {
  const classes = all.map(({ Class = "Email" }) => Class);
  const isPair = classes.length < 2 || classes.every((name) => name === "Email" || name === "SMS");
  return isPair && isDistinct(classes);
}

function isAcceptable({ FilterType, BodyPreference }: SyncOptions): boolean {
  return isMailFilter(FilterType) && isDistinct(BodyPreference.map(({ Type }) => Type));
}

function isDistinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

/** What the window of a collection depends on. */
export type Filter = Pick<KeptOptions, "FilterType" | "ConversationMode">;

/** What is inside the window of a collection. */
export type Inside = Pick<Window, "sinceDay" | "withConversations">;

/** Everything is inside. */
export const unfiltered: Inside = { sinceDay: 0 };

/** What is inside the window of a FilterType; where everything is, conversations add nothing. */
export function insideOf(filter: Filter | undefined, nowMs: number): Inside {
  const days = filterDays[filter?.FilterType ?? 0];
  if (days === undefined) return unfiltered;
  const sinceDay = dayOf(nowMs) - days;
  return { sinceDay, withConversations: filter?.ConversationMode === true };
}

/** The feed for a window. */
export function feedFor(mailbox: Mailbox, collectionId: string, inside: Inside): Promise<Feed> {
  const { sinceDay, withConversations } = inside;
  return mailbox.feed(collectionId, withConversations === true ? sinceDay : undefined);
}

/** What the mapping of a mail must know of the device's wishes. */
export function mailOptions(options: KeptOptions | undefined, context: Context): MailOptions {
  if (context.version === "2.5") return mailOptions25(options);
  return {
    version: context.version,
    preferences: options?.BodyPreference ?? [],
    mimeSupport: options?.MIMESupport ?? 0,
    mimeTruncation: options?.MIMETruncation,
    bodyPart: options?.BodyPartPreference,
    bodiesSince: bodiesSince(options, context.clock.now()),
  };
}

/** What is told only for its conversation comes without its body (MS-ASCMD 2.2.3.36.2, R2108). */
function bodiesSince(options: KeptOptions | undefined, nowMs: number): Date | undefined {
  const { sinceDay, withConversations } = insideOf(options, nowMs);
  return withConversations === true ? new Date(sinceDay * dayMs) : undefined;
}
