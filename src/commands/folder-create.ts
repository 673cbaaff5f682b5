/** FolderCreate (MS-ASCMD 2.2.1.3): makes a folder of mails on the mail server. */
import { commandStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import { collectionIdOf } from "../mailbox/mailbox.ts";
import type { Context } from "./context.ts";
import { changeFolder } from "./hierarchy.ts";
import { recipientInformation } from "./recipient-information.ts";

const status = commandStatus.FolderCreate;

/** MS-ASCMD 2.2.3.177.3. */
const faults = {
  "bad name": status.IncorrectFormat,
  exists: status.FolderExists,
  special: status.SpecialFolder,
  "not found": status.ParentNotFound,
  "special parent": status.SpecialFolder,
  "parent not found": status.ParentNotFound,
  "inside itself": status.IncorrectFormat,
  "not allowed": status.CodeUnknown,
  failed: status.ServerError,
};

/** Types of MS-ASCMD 2.2.3.186.2: generic and mail folders are mail, for Calendar to Notes there is no store. */
const mailTypes = new Set([1, 12]);
const typesWithoutStore = new Set([13, 14, 15, 16, 17]);

/** Answers a FolderCreate. */
export async function handleFolderCreate(
  request: RequestOf<"FolderCreate"> | undefined,
  context: Context,
): Promise<ResponseOf<"FolderCreate">> {
  if (request === undefined) throw new StatusError(status.IncorrectFormat);
  const { SyncKey, ParentId, DisplayName, Type } = request;
  refuseUnmakeable(ParentId, Type);
  const place = { parentId: ParentId, displayName: DisplayName, type: Type };
  const answered = await changeFolder(
    {
      SyncKey,
      asked: ["FolderCreate", ParentId, DisplayName, Type],
      faults,
      carryOut: async (clientKey) => {
        const claim = { deviceId: context.device.id, clientKey };
        const { serial, version } = await context.mailbox.createFolder(place, claim);
        return { number: serial, effect: "add", version: () => version };
      },
    },
    context,
  );
  const ServerId = collectionIdOf(answered.serial);
  return { Status: status.Success, SyncKey: answered.SyncKey, ServerId };
}

/** R4035: default folders are none that a device makes; R81, R5769: nor is the recipient information cache. */
function refuseUnmakeable(parentId: string, type: number): void {
  if (parentId === recipientInformation.collectionId || type === recipientInformation.type) {
    throw new StatusError(status.SpecialFolder);
  }
  if (typesWithoutStore.has(type)) throw new StatusError(status.CodeUnknown);
  if (!mailTypes.has(type)) throw new StatusError(status.IncorrectFormat);
}
