/** A FETCH that leaves out what the server is known not to read, and tells of which mails it was when it fails. */
import { BackendError, BackendUnavailable } from "../../backend.ts";
import type { NumberRange } from "../../feed.ts";
import type { Argument, ImapConnection, Untagged } from "./connection.ts";
import { ConnectionBroke } from "./errors.ts";
import { complement, intersection } from "./ranges.ts";
import { formatRanges, topNumber } from "./tokens.ts";

/** Mails, and what is fetched of them: what a list shows, what is in them, or all of it to see whether it can be. */
export interface FetchAsked {
  readonly of: "metadata" | "parts" | "wholes";
  readonly ranges: readonly NumberRange[];
  readonly items: readonly Argument[];
  readonly modifiers?: readonly Argument[];
}

/** The server refused a FETCH or broke off in it, as Dovecot does at a mail that it cannot read. */
class FetchFailed extends BackendUnavailable {
  readonly asked: FetchAsked;

  constructor(cause: Error, asked: FetchAsked) {
    super(cause.message, { cause });
    this.asked = asked;
  }
}

/** The FETCH that an error tells of; undefined: it is of something else. */
export function failedFetch(error: unknown): FetchAsked | undefined {
  const own = error instanceof ConnectionBroke ? error.cause : error;
  return own instanceof FetchFailed ? own.asked : undefined;
}

/** The arguments of a UID FETCH. */
export function fetchArguments({
  ranges,
  items,
  modifiers = [],
}: Omit<FetchAsked, "of">): readonly Argument[] {
  const sequence = { type: "SEQUENCE" as const, value: formatRanges(ranges) };
  return modifiers.length > 0 ? [sequence, items, modifiers] : [sequence, items];
}

/** Fetches from the selected folder. */
export async function fetchMails(
  connection: ImapConnection,
  asked: FetchAsked,
  hear: Readonly<Record<string, (untagged: Untagged) => void>> = {},
): Promise<void> {
  const ranges = readable(connection, asked);
  if (ranges.length === 0) return;
  try {
    await connection.exec("UID FETCH", fetchArguments({ ...asked, ranges }), hear);
  } catch (error) {
    if (error instanceof Error && isOfMails(error)) throw new FetchFailed(error, asked);
    throw error;
  }
}

/** Whether all these mails are known to be such that the server cannot read them. */
export function isLeftOut(connection: ImapConnection, asked: FetchAsked): boolean {
  return readable(connection, asked).length === 0;
}

function readable(
  { selectedPath = "", selectedEpoch = "", unreadable }: ImapConnection,
  { of, ranges }: FetchAsked,
): readonly NumberRange[] {
  const left = unreadable?.in({ path: selectedPath, epoch: selectedEpoch, of }) ?? [];
  if (left.length === 0) return ranges;
  return intersection(ranges, complement({ low: 1, high: topNumber }, left));
}

function isOfMails(error: Error): boolean {
  if (error instanceof BackendError) return error.fault === "failed";
  return error instanceof BackendUnavailable;
}
