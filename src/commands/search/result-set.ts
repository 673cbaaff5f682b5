/**
 * What a mail search found. It is kept for the device, so that following ranges are cut from the same results
 * (MS-ASCMD 2.2.3.144), in this process or another one; after a while the search is done anew. What a search found
 * that did not come through is kept for reading on alone: whoever repeats the search has another try.
 */
import { createHash } from "node:crypto";
import type { Folder, MailboxQuery } from "../../mailbox/mailbox.ts";
import type { Context } from "../context.ts";
import { searchKeptMs } from "../limits.ts";

/** A mail search of a device. */
export interface MailSearch {
  readonly query: MailboxQuery;
  readonly folders: readonly Folder[];
  /** How many results can be read at all. */
  readonly limit: number;
  /** SearchId of a Find. */
  readonly searchId?: string;
  /** RebuildResults: whatever is kept, the search is done anew. */
  readonly rebuild: boolean;
  /** Whether a later range than the first one is asked for. */
  readonly readsOn: boolean;
}

/** The results in their order. */
export interface Results {
  /** The newest mails first. */
  readonly longIds: readonly string[];
  readonly total: number;
}

/** The results of a search, kept ones where they are new enough. */
export async function resultsOf(search: MailSearch, context: Context): Promise<Results> {
  const { devices, device, mailbox, clock } = context;
  const query = hashOf(search);
  const searchId = search.searchId === undefined ? null : digest(search.searchId);
  const kept = search.rebuild ? undefined : await devices.lastSearch(device);
  const isSame = kept?.query === query && kept.searchId === searchId;
  const isEnough = kept?.isWhole === true || search.readsOn;
  if (isSame && isEnough && clock.now() - kept.at.getTime() < searchKeptMs) {
    return kept;
  }
  const found = await mailbox.search(search.folders, search.query, search.limit);
  const { longIds, total, isWhole } = found;
  await devices.putSearch(device, { query, searchId, longIds, total, isWhole });
  if (!isWhole) context.log.info({ total }, "a search ended before it was through");
  return { longIds, total };
}

/** Whether the device's last search has this SearchId (MS-ASCMD 2.2.3.160). */
export async function isLastSearch(
  searchId: string,
  { devices, device }: Context,
): Promise<boolean> {
  return (await devices.lastSearch(device))?.searchId === digest(searchId);
}

function hashOf({ query, folders, limit }: MailSearch): string {
  const where = folders.map(({ collectionId }) => collectionId);
  return digest(JSON.stringify([query, where, limit]));
}

function digest(text: string): string {
  return createHash("sha256").update(text).digest("base64url");
}
