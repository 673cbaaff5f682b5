/** Search (MS-ASCMD 2.2.1.16): the mailbox, the address list; document libraries are refused. */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";
import { BackendError } from "../../backend.ts";
import { TimeLimitPassed } from "../../kit/abort.ts";
import type { Context } from "../context.ts";
import { endsRequest } from "../faults.ts";
import { searchAddressList } from "./address-list.ts";
import { searchMailbox, type StoreAnswer } from "./mailbox.ts";

type Request = RequestOf<"Search">;
type Response = ResponseOf<"Search">;
type Store = NonNullable<Request["Store"]>;

const status = commandStatus.Search;

/** Answers a Search; what is wrong with its store is told beside the store (MS-ASCMD 2.2.3.177.13). */
export async function handleSearch(
  request: Request | undefined,
  context: Context,
): Promise<Response> {
  const store = await answerOf(request?.Store, context);
  return { Status: status.Success, Response: { Store: store } };
}

async function answerOf(store: Store | undefined, context: Context): Promise<StoreAnswer> {
  try {
    return await searchStore(store, context);
  } catch (error) {
    return { Status: statusOf(error, context), Result: [] };
  }
}

/** The stores of MS-ASCMD 2.2.3.120.2. */
const documents = new Set(["documentlibrary", "document library"]);

async function searchStore(store: Store | undefined, context: Context): Promise<StoreAnswer> {
  const name = store?.Name?.toLowerCase() ?? "";
  if (store !== undefined && name === "mailbox") return await searchMailbox(store, context);
  if (store !== undefined && name === "gal") return await searchAddressList(store, context);
  if (store !== undefined && documents.has(name)) return refuseDocuments(store);
  throw new StatusError(status.InvalidRequest, "a store that is none");
}

/** There is no access to documents here: what is no link is told as such first. */
function refuseDocuments({ Query }: Store): never {
  const isLink =
    Query !== undefined && typeof Query !== "string" && Query.some((term) => "EqualTo" in term);
  throw new StatusError(isLink ? status.AccessBlocked : status.InvalidRequest);
}

function statusOf(error: unknown, { log, signal }: Context): number {
  if (error instanceof StatusError) return error.status;
  if (error instanceof TimeLimitPassed) return status.TimedOut;
  if (endsRequest(error, signal)) throw error;
  if (error instanceof BackendError) log.warn({ err: error }, "the mailbox could not be searched");
  else log.error({ err: error }, "a search failed");
  return status.ServerError;
}
