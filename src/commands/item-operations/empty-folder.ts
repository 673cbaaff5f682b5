/** EmptyFolderContents (MS-ASCMD 2.2.3.58): deletes all items of a folder for good, on demand its subfolders too. */
import { commandStatus } from "../../../schemas/status.ts";
import { BackendError } from "../../backend.ts";
import { FolderRefused } from "../../mailbox/mailbox.ts";
import type { Context } from "../context.ts";
import { endsRequest } from "../faults.ts";
import type { Answers, Operation } from "./fetched.ts";

const status = commandStatus.ItemOperations;

type Asked = Extract<Operation, { EmptyFolderContents: unknown }>["EmptyFolderContents"];
type Emptied = Answers["EmptyFolderContents"][number];

/** Empties a folder. */
export async function emptyFolder(asked: Asked, context: Context): Promise<Emptied> {
  const { CollectionId } = asked;
  return { Status: await statusAfter(asked, context), CollectionId };
}

async function statusAfter(asked: Asked, context: Context): Promise<number> {
  let isBegun = false;
  try {
    const left = await context.mailbox.removeAll(asked.CollectionId);
    isBegun = true;
    // R2167: without the element subfolders stay.
    if (asked.Options?.DeleteSubFolders === true) {
      await context.mailbox.removeFoldersBelow(asked.CollectionId);
    }
    return left === 0 ? status.Success : status.PartialSuccess;
  } catch (error) {
    const failed = statusOf(error, context);
    return isBegun ? status.PartialSuccess : failed;
  }
}

function statusOf(error: unknown, { log, signal }: Context): number {
  if (endsRequest(error, signal)) throw error;
  const refused = error instanceof FolderRefused || error instanceof BackendError;
  if (!refused) {
    log.error({ err: error }, "a folder could not be emptied");
    return status.ServerError;
  }
  log.info({ fault: error.fault, err: error }, "a folder is not emptied");
  if (error.fault === "no such folder") return status.NotFound;
  return error.fault === "not allowed" ? status.ResourceAccessDenied : status.ServerError;
}
