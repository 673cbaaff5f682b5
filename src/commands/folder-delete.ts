/** FolderDelete (MS-ASCMD 2.2.1.4): deletes a folder with its items and all folders below it, for good. */
import { commandStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import { FolderRefused, folderSerial } from "../mailbox/mailbox.ts";
import type { Opened } from "../sync/types.ts";
import type { Context } from "./context.ts";
import { changeFolder } from "./hierarchy.ts";
import { recipientInformation } from "./recipient-information.ts";

const status = commandStatus.FolderDelete;

/** MS-ASCMD 2.2.3.177.4. */
const faults = {
  "bad name": status.IncorrectFormat,
  exists: status.UnknownError,
  special: status.SpecialFolder,
  "not found": status.FolderNotFound,
  "special parent": status.SpecialFolder,
  "parent not found": status.FolderNotFound,
  "inside itself": status.IncorrectFormat,
  "not allowed": status.UnknownError,
  failed: status.ServerError,
};

/** Answers a FolderDelete. */
export async function handleFolderDelete(
  request: RequestOf<"FolderDelete"> | undefined,
  context: Context,
): Promise<ResponseOf<"FolderDelete">> {
  if (request === undefined) throw new StatusError(status.IncorrectFormat);
  const { SyncKey, ServerId } = request;
  // R101.
  if (ServerId === recipientInformation.collectionId) throw new StatusError(status.SpecialFolder);
  const answered = await changeFolder(
    {
      SyncKey,
      asked: ["FolderDelete", ServerId],
      faults,
      carryOut: async (_, opened) => {
        await remove(ServerId, opened, context);
        return { number: folderSerial(ServerId) ?? 0, effect: "remove" };
      },
    },
    context,
  );
  return { Status: status.Success, SyncKey: answered.SyncKey };
}

/** A folder that the device still has and the server no longer is deleted: by a lost request, or by others. */
async function remove(ServerId: string, opened: Opened, context: Context): Promise<void> {
  try {
    await context.mailbox.removeFolder(ServerId);
  } catch (error) {
    const isGone = error instanceof FolderRefused && error.fault === "not found";
    const serial = folderSerial(ServerId);
    if (!isGone || serial === undefined) throw error;
    if (!(await context.sync.known(opened.head, [serial])).has(serial)) throw error;
  }
}
