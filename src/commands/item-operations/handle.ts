/** ItemOperations (MS-ASCMD 2.2.1.10): items and attachments, emptied folders, moved conversations. */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";
import { MultipartAnswer, type Context } from "../context.ts";
import { maxOperations } from "../limits.ts";
import { emptyFolder } from "./empty-folder.ts";
import { isRange } from "./fetch-attachment.ts";
import { Fetcher } from "./fetch.ts";
import type { Answers, Operation } from "./fetched.ts";
import { moveConversation, readMove, type WantedMove } from "./move.ts";
import { Parts } from "./parts.ts";

type Request = RequestOf<"ItemOperations">;
type Response = ResponseOf<"ItemOperations">;

/** An operation that is well-formed. */
type Wanted = Exclude<Operation, { Move: unknown }> | { readonly Move: WantedMove };

const status = commandStatus.ItemOperations;

/** Answers an ItemOperations; in multipart form when the device accepts it (MS-ASCMD 2.2.1.10.1). */
export async function handleItemOperations(
  request: Request | undefined,
  context: Context,
): Promise<Response | MultipartAnswer<Response>> {
  if (request === undefined || request.length === 0) throw new StatusError(status.ProtocolError);
  // MS-ASCMD 3.1.5.10, R7490.
  if (request.length > maxOperations) throw new StatusError(status.TooLarge);
  const wanted = request.map(read);
  const parts = context.parameters.acceptMultiPart ? new Parts() : undefined;
  const response = { Status: status.Success, Response: await carryOut(wanted, context, parts) };
  return parts === undefined ? response : new MultipartAnswer(response, parts.bytes);
}

/** Throws the Status of the whole command, before anything is done. */
function read(operation: Operation): Wanted {
  if ("Move" in operation) return { Move: readMove(operation.Move) };
  const ranges = "Fetch" in operation ? operation.Fetch.Options.map(({ Range }) => Range) : [];
  // MS-ASCMD 2.2.3.125.3, R3547.
  if (!ranges.every(isRange)) throw new StatusError(status.ProtocolError);
  return operation;
}

/** In the order of the request (R193): what is moved out of a folder before it is emptied is not deleted. */
async function carryOut(
  wanted: readonly Wanted[],
  context: Context,
  parts: Parts | undefined,
): Promise<Answers> {
  const answers: Answers = { Move: [], EmptyFolderContents: [], Fetch: [] };
  const fetcher = new Fetcher(context, parts);
  for (const each of wanted) {
    if ("Fetch" in each) answers.Fetch.push(await fetcher.fetch(each.Fetch));
    else if ("Move" in each) answers.Move.push(await moveConversation(each.Move, context));
    else answers.EmptyFolderContents.push(await emptyFolder(each.EmptyFolderContents, context));
  }
  return answers;
}
