/** Sticky options of a collection: kept with its state until a request brings new ones. */
import type { MailOptions } from "../../items/email/options.ts";
import type { Head } from "../../sync/types.ts";
import type { Context } from "../context.ts";
import type { AskedCollection, SyncOptions } from "./types.ts";

/** Days of each FilterType that mail may have: 0 everything, 1 day, 3 days, 1, 2 weeks, 1 month. */
const filterDays: Readonly<Record<number, number>> = { 1: 1, 2: 3, 3: 7, 4: 14, 5: 31 };

const dayMs = 86_400_000;

/**
 * The options that hold for this request: a new Options element replaces the earlier one whole
 * (MS-ASCMD 2.2.3.125.6). Of two, the one for another class (SMS) is not ours.
 */
export function optionsFor(asked: AskedCollection, head: Head): SyncOptions | undefined {
  const own = asked.Options.find((options) => (options.Class ?? "Email") === "Email");
  return own ?? stickyOptions(head);
}

/** The options that the last Sync left with the state. */
export function stickyOptions(head: Head): SyncOptions | undefined {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only Sync puts them there
  return head.options as SyncOptions | undefined;
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
  const classes = all.map(({ Class = "Email" }) => Class);
  const isPair = classes.length < 2 || classes.every((name) => name === "Email" || name === "SMS");
  return isPair && isDistinct(classes) && all.every(isAcceptable);
}

function isAcceptable({ FilterType, BodyPreference }: SyncOptions): boolean {
  return isMailFilter(FilterType) && isDistinct(BodyPreference.map(({ Type }) => Type));
}

function isDistinct(values: readonly unknown[]): boolean {
  return new Set(values).size === values.length;
}

/** First day inside the window of a FilterType: days since 1970-01-01 UTC, 0 = everything. */
export function sinceDayOf(
  options: Pick<SyncOptions, "FilterType"> | undefined,
  nowMs: number,
): number {
  const days = filterDays[options?.FilterType ?? 0];
  return days === undefined ? 0 : Math.floor(nowMs / dayMs) - days;
}

/** What the mapping of a mail must know of the device's wishes. */
export function mailOptions(options: SyncOptions | undefined, context: Context): MailOptions {
  return {
    version: context.version,
    preferences: options?.BodyPreference ?? [],
    mimeSupport: options?.MIMESupport ?? 0,
    mimeTruncation: options?.MIMETruncation,
    bodyPart: options?.BodyPartPreference,
  };
}
