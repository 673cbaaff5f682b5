/** The version of a mail in a feed: 8 bits that are equal exactly when a device sees the same flags. */
import type { FlagStatus, MailFlags } from "./message.ts";

const seenBit = 1;
const flagShift = 1;
const flagBits = 3 << flagShift;
const answeredBit = 8;
const forwardedBit = 16;
const stampShift = 5;
const stampBits = 7 << stampShift;

/** The version of these flags; categories travel apart, as the feed item's labels. */
export function mailVersion(flags: Omit<MailFlags, "draft" | "categories">): number {
  return (
    (flags.seen ? seenBit : 0) |
    (flags.flagStatus << flagShift) |
    (flags.answered ? answeredBit : 0) |
    (flags.forwarded ? forwardedBit : 0)
  );
}

/** The part of a mail's state that one upload changes. */
export type FlagProperties = Partial<
  Pick<MailFlags, "seen" | "flagStatus" | "answered" | "forwarded">
>;

/** A version with only the named properties replaced: what a device has after its own upload. */
export function patchMailVersion(version: number, change: FlagProperties): number {
  let next = version;
  if (change.seen !== undefined) next = withBits(next, seenBit, change.seen ? seenBit : 0);
  if (change.flagStatus !== undefined)
    next = withBits(next, flagBits, change.flagStatus << flagShift);
  if (change.answered !== undefined)
    next = withBits(next, answeredBit, change.answered ? answeredBit : 0);
  if (change.forwarded !== undefined) {
    next = withBits(next, forwardedBit, change.forwarded ? forwardedBit : 0);
  }
  return next;
}

/** Whether a mail was answered or forwarded: only then there is a last verb. */
export function hasVerb(version: number): boolean {
  return (version & (answeredBit | forwardedBit)) !== 0;
}

/** A version that tells this verb from an earlier one; a verb whose flag another client took away is none. */
export function withVerbStamp(
  version: number,
  { verb, stamp }: { readonly verb: number; readonly stamp: number },
): number {
  const isFlagged = (version & flagBitOf(verb)) !== 0;
  return isFlagged ? withBits(version, stampBits, (stamp << stampShift) & stampBits) : version;
}

function flagBitOf(verb: number): number {
  return verb === 3 ? forwardedBit : answeredBit;
}

function withBits(version: number, mask: number, bits: number): number {
  return (version & ~mask) | bits;
}

/** Labels differ (sync/types.ts): categories; those that are none, which are of the flag. */
const categoriesDiffer = 0x100;
const innerLabelsDiffer = 0x200;

/** What a Change must tell, by the bits in which two versions differ; undefined: everything. */
export function differing(differs: number | undefined): {
  readonly read: boolean;
  readonly flag: boolean;
  readonly categories: boolean;
  /** Another property of the mail: what was done with it. */
  readonly others: boolean;
} {
  const bits = differs ?? -1;
  const ofFlag = flagBits | innerLabelsDiffer;
  return {
    read: (bits & seenBit) !== 0,
    flag: (bits & ofFlag) !== 0,
    categories: (bits & categoriesDiffer) !== 0,
    others: (bits & ~(seenBit | ofFlag | categoriesDiffer)) !== 0,
  };
}

/** The flags that a version stands for. */
export function flagsOfMailVersion(version: number): Omit<MailFlags, "draft" | "categories"> {
  return {
    seen: (version & seenBit) !== 0,
    flagStatus: statusOf((version & flagBits) >> flagShift),
    answered: (version & answeredBit) !== 0,
    forwarded: (version & forwardedBit) !== 0,
  };
}

function statusOf(bits: number): FlagStatus {
  return bits === 1 || bits === 2 ? bits : 0;
}
