/** Move of a conversation (MS-ASCMD 2.2.3.117.1, MS-ASCON 3.1.4.6): all its mails, and those to come. */
import { commandStatus, commonStatus, StatusError } from "../../../schemas/status.ts";
import { BackendError } from "../../backend.ts";
import type { Context } from "../context.ts";
import { endsRequest } from "../faults.ts";
import type { Answers, Operation } from "./fetched.ts";

const status = commandStatus.ItemOperations;

type Asked = Extract<Operation, { Move: unknown }>["Move"];
type Moved = Answers["Move"][number];

/** A move that names what it has to. */
export interface WantedMove {
  readonly ConversationId: Buffer;
  readonly DstFldId: string;
}

/** MS-ASCMD 2.2.3.186.3: Drafts and Outbox are no destinations (MS-ASCON 3.1.4.6). */
const forbiddenTypes: ReadonlySet<number> = new Set([3, 6]);

/**
 * Reads a move; throws the Status of the whole command where it is not well-formed: 2 for one that names no
 * conversation or folder (clients were seen to move single items so), 155 without MoveAlways (R3475, R4170).
 */
export function readMove({ ConversationId, DstFldId, Options }: Asked): WantedMove {
  if (ConversationId === undefined || DstFldId === undefined) {
    throw new StatusError(status.ProtocolError);
  }
  if (Options?.MoveAlways !== true) {
    throw new StatusError(commonStatus.MoveCommandDisallowedForNonPersistentMoveAction);
  }
  return { ConversationId, DstFldId };
}

/** Moves a conversation (MS-ASCON 3.1.4.4). */
export async function moveConversation(wanted: WantedMove, context: Context): Promise<Moved> {
  const { ConversationId } = wanted;
  return { Status: await statusAfter(wanted, context), ConversationId };
}

async function statusAfter(
  { ConversationId, DstFldId }: WantedMove,
  context: Context,
): Promise<number> {
  try {
    const folder = await context.mailbox.folder(DstFldId);
    if (folder === undefined) return status.NotFound;
    const isMail = folder.class === "Email" && folder.selectable;
    if (!isMail || forbiddenTypes.has(folder.type)) return status.ActionNotSupported;
    const moved = await context.mailbox.moveConversation(ConversationId, DstFldId);
    return statusOf[moved];
  } catch (error) {
    return failedStatus(error, context);
  }
}

const statusOf = {
  moved: status.Success,
  partly: status.PartialSuccess,
  unknown: status.NotFound,
} as const;

function failedStatus(error: unknown, { log, signal }: Context): number {
  if (endsRequest(error, signal)) throw error;
  if (error instanceof BackendError) {
    log.warn({ err: error }, "a conversation could not be moved");
    return error.fault === "no such folder" ? status.NotFound : status.ServerError;
  }
  log.error({ err: error }, "a conversation could not be moved");
  return status.ServerError;
}
