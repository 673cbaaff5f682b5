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
