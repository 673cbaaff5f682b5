/** FolderUpdate (MS-ASCMD 2.2.1.6): renames and moves a folder on the mail server; its id stays. */
import { commandStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import type { Context } from "./context.ts";
import { changeFolder } from "./hierarchy.ts";
import { recipientInformation } from "./recipient-information.ts";

const status = commandStatus.FolderUpdate;

/** MS-ASCMD 2.2.3.177.6: here a special folder is Status 2. */
const faults = {
  "bad name": status.IncorrectFormat,
  exists: status.FolderExists,
  special: status.FolderExists,
  "not found": status.FolderNotFound,
  "special parent": status.SpecialFolder,
  "parent not found": status.ParentNotFound,
  "inside itself": status.IncorrectFormat,
  "not allowed": status.UnknownError,
  failed: status.ServerError,
};

/** Answers a FolderUpdate. */
export async function handleFolderUpdate(
  request: RequestOf<"FolderUpdate"> | undefined,
  context: Context,
): Promise<ResponseOf<"FolderUpdate">> {
  if (request === undefined) throw new StatusError(status.IncorrectFormat);
  const { SyncKey, ServerId, ParentId, DisplayName } = request;
  // R142, R143: neither the recipient information cache itself nor a folder below it.
  if ([ServerId, ParentId].includes(recipientInformation.collectionId)) {
    throw new StatusError(status.SpecialFolder);
  }
  const place = { parentId: ParentId, displayName: DisplayName };
  const answered = await changeFolder(
    {
      SyncKey,
      asked: ["FolderUpdate", ServerId, ParentId, DisplayName],
      faults,
      carryOut: async (clientKey) => {
        const claim = { deviceId: context.device.id, clientKey };
        const { serial, version } = await context.mailbox.updateFolder(ServerId, place, claim);
        return { number: serial, effect: "patch", version: () => version };
      },
    },
    context,
  );
  return { Status: status.Success, SyncKey: answered.SyncKey };
}
