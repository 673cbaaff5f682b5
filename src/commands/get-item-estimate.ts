/** GetItemEstimate (MS-ASCMD 2.2.1.9): how many changes wait in some collections. */
import { BackendError } from "../backend.ts";
import { commandStatus, commonStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import { InvalidSyncKey, KeyTaken } from "../sync/types.ts";
import type { Context } from "./context.ts";
import { endsRequest } from "./faults.ts";
import { maxCollections, maxEstimate } from "./limits.ts";
import {
  areClassesTogether,
  feedFor,
  insideOf,
  isMailFilter,
  stickyOptions,
  type Filter,
} from "./sync/options.ts";

const status = commandStatus.GetItemEstimate;

type Asked = RequestOf<"GetItemEstimate">["Collections"]["Collection"][number];
type Answered = ResponseOf<"GetItemEstimate">["Response"][number];

/** Answers a GetItemEstimate; each collection has a Status of its own. */
export async function handleGetItemEstimate(
  request: RequestOf<"GetItemEstimate"> | undefined,
  context: Context,
): Promise<ResponseOf<"GetItemEstimate">> {
  const collections = request?.Collections.Collection ?? [];
  if (collections.length === 0) throw new StatusError(status.InvalidCollection);
  // MS-ASCMD 3.1.5.10, R5647.
  if (collections.length > maxCollections) throw new StatusError(commonStatus.InvalidXML);
  const Response: Answered[] = [];
  for (const asked of collections) Response.push(await estimated(asked, context));
  return { Response };
}

async function estimated(asked: Asked, context: Context): Promise<Answered> {
  const { CollectionId } = asked;
  try {
    const folder =
      CollectionId === undefined ? undefined : await context.mailbox.folder(CollectionId);
    if (folder === undefined) return { Status: status.InvalidCollection };
    // MS-ASCMD 2.2.3.36.1, R2100: conversations are of mails.
    if (asked.ConversationMode !== undefined && folder.class !== "Email") {
      return { Status: commonStatus.InvalidXML };
    }
    // MS-ASCMD 2.2.3.103.1, R3265: only the recipient information cache has a MaxItems, which is none of the folders.
    if (asked.Options.some(({ MaxItems }) => MaxItems !== undefined)) {
      return { Status: status.InvalidCollection };
    }
    const Estimate = await estimate(asked, folder.collectionId, context);
    const Collection = { Class: folder.class, CollectionId: folder.collectionId, Estimate };
    return { Status: status.Success, Collection };
  } catch (error) {
    return { Status: statusOf(error, context) };
  }
}

function statusOf(error: unknown, { log, signal }: Context): number {
  if (endsRequest(error, signal)) throw error;
  if (error instanceof StatusError) return error.status;
  if (error instanceof InvalidSyncKey || error instanceof KeyTaken) return status.InvalidSyncKey;
  if (error instanceof BackendError) return status.InvalidCollection;
  log.error({ err: error }, "changes could not be counted");
  return commonStatus.ServerError;
}

async function estimate(asked: Asked, collectionId: string, context: Context): Promise<number> {
  const { sync, mailbox, account, device, clock } = context;
  if (asked.SyncKey === undefined || asked.SyncKey === "0") {
    throw new StatusError(status.NotPrimed);
  }
  const partnership = { accountId: account.id, deviceId: device.id };
  const head = await sync.peek(partnership, collectionId, asked.SyncKey);
  // Classes that cannot be together have the Status of a wrong key (MS-ASCMD 2.2.3.27.2, R908).
  if (head === undefined || !areClassesTogether(asked.Options)) {
    throw new StatusError(status.InvalidSyncKey);
  }
  const options = filterOf(asked, stickyOptions(head));
  // MS-ASCMD 2.2.3.68.1: no filter of mail; from 9 on no filter at all.
  if (!isMailFilter(options?.FilterType)) {
    throw new StatusError(
      (options?.FilterType ?? 0) > 8 ? commonStatus.InvalidXML : commonStatus.ServerError,
    );
  }
  const inside = insideOf(options, clock.now());
  const feed = await feedFor(mailbox, collectionId, inside);
  return sync.estimate(head, feed, { windowSize: maxEstimate, ...inside });
}

/** From 14.0 the filter stands in Options, before beside the key; without one everything counts (MS-ASCMD R3543). */
function filterOf(asked: Asked, sticky: Filter | undefined): Filter {
  const own = asked.Options.find((options) => (options.Class ?? "Email") === "Email");
  return {
    FilterType: own?.FilterType ?? asked.FilterType,
    ConversationMode: asked.ConversationMode ?? sticky?.ConversationMode,
  };
}
