/** Move of a conversation (MS-ASCMD 2.2.3.117.1, MS-ASCON 3.1.4.6): all its mails, and those to come. */
import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";
import { commandStatus, commonStatus, StatusError } from "../../../schemas/status.ts";
import { BackendError } from "../../backend.ts";
import type { Context } from "../context.ts";
import { endsRequest } from "../faults.ts";

const status = commandStatus.ItemOperations;

type Asked = RequestOf<"ItemOperations">["Move"][number];
type Moved = NonNullable<ResponseOf<"ItemOperations">["Response"]>["Move"][number];

/** A move that names what it has to. */
interface Wanted {
  readonly ConversationId: Buffer;
  readonly DstFldId: string;
}

/** MS-ASCMD 2.2.3.186.3: Drafts and Outbox are no destinations (MS-ASCON 3.1.4.6). */
const forbiddenTypes: ReadonlySet<number> = new Set([3, 6]);

/**
 * Whether the moves are well-formed; throws the Status of the whole command else: 2 for one that names no
 * conversation or folder (clients were seen to move single items so), 155 without MoveAlways (R3475, R4170).
 */
export function readMoves(all: readonly Asked[]): readonly Wanted[] {
  return all.map(({ ConversationId, DstFldId, Options }) => {
    if (ConversationId === undefined || DstFldId === undefined) {
      throw new StatusError(status.ProtocolError);
    }
    if (Options?.MoveAlways !== true) {
      throw new StatusError(commonStatus.MoveCommandDisallowedForNonPersistentMoveAction);
    }
    return { ConversationId, DstFldId };
  });
}

/** Moves conversations one after the other (MS-ASCON 3.1.4.4); each has a Status of its own. */
export async function moveAll(all: readonly Wanted[], context: Context): Promise<Moved[]> {
  const moved: Moved[] = [];
  for (const wanted of all) {
    const { ConversationId } = wanted;
    moved.push({ Status: await statusAfter(wanted, context), ConversationId });
  }
  return moved;
}

async function statusAfter(
  { ConversationId, DstFldId }: Wanted,
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
