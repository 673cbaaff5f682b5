/** ItemOperations (MS-ASCMD 2.2.1.10): items and attachments, emptied folders, moved conversations. */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";
import { MultipartAnswer, type Context } from "../context.ts";
import { maxOperations } from "../limits.ts";
import { emptyAll } from "./empty-folder.ts";
import { isRange } from "./fetch-attachment.ts";
import { fetchAll } from "./fetch.ts";
import { moveAll, readMoves } from "./move.ts";
import { Parts } from "./parts.ts";

type Request = RequestOf<"ItemOperations">;
type Response = ResponseOf<"ItemOperations">;

const status = commandStatus.ItemOperations;

/** Answers an ItemOperations; in multipart form when the device accepts it (MS-ASCMD 2.2.1.10.1). */
export async function handleItemOperations(
  request: Request | undefined,
  context: Context,
): Promise<Response | MultipartAnswer<Response>> {
  const count = operationCount(request);
  if (request === undefined || count === 0) throw new StatusError(status.ProtocolError);
  // MS-ASCMD 3.1.5.10, R7490.
  if (count > maxOperations) throw new StatusError(status.TooLarge);
  // MS-ASCMD 2.2.3.125.3, R3547: before anything is done.
  const ranges = request.Fetch.flatMap(({ Options }) => Options.map(({ Range }) => Range));
  if (!ranges.every(isRange)) throw new StatusError(status.ProtocolError);
  const moves = readMoves(request.Move);
  const parts = context.parameters.acceptMultiPart ? new Parts() : undefined;
  const Fetch = await fetchAll(request.Fetch, context, parts);
  const EmptyFolderContents = await emptyAll(request.EmptyFolderContents, context);
  const Move = await moveAll(moves, context);
  const response: Response = {
    Status: status.Success,
    Response: { Fetch, EmptyFolderContents, Move },
  };
  return parts === undefined ? response : new MultipartAnswer(response, parts.bytes);
}

function operationCount(request: Request | undefined): number {
  if (request === undefined) return 0;
  return request.Fetch.length + request.EmptyFolderContents.length + request.Move.length;
}
