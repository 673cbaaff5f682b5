/** The mail that SmartReply and SmartForward are about: composemail:Source (MS-ASCMD 2.2.3.173). */
import type { RequestOf } from "../../schemas/commands.ts";
import { commonStatus, StatusError } from "../../schemas/status.ts";
import type { MailItem } from "../items/email/message.ts";
import { folderSerial, itemNumber, type About } from "../mailbox/mailbox.ts";
import { parseReference } from "../mailbox/references.ts";
import type { Context } from "./context.ts";
import { deviceEpoch } from "./epoch.ts";

type Source = RequestOf<"SmartReply">["Source"];

/** Which mail it is; whether it is there shows when it is used: a repeat may come when it is there no more. */
export type Named = Pick<About, "collectionId" | "number" | "epoch">;

/** The mail, while it is there. */
export async function findOriginal(
  { collectionId, number, epoch }: Named,
  { mailbox }: Context,
): Promise<MailItem | undefined> {
  const folder = await mailbox.folder(collectionId);
  const [item] = folder === undefined ? [] : await mailbox.list(collectionId, [number], epoch);
  return item;
}

/** The mail that a Source names. Throws StatusError. */
export async function sourceOf(source: Source, context: Context): Promise<Named> {
  const named = await namedBy(source, context);
  if (source.InstanceId !== undefined) await refuseInstance(source.InstanceId, named, context);
  return named;
}

async function namedBy(source: Source, context: Context): Promise<Named> {
  const { LongId, FolderId, ItemId, InstanceId } = source;
  if (LongId !== undefined) {
    // Nothing else stands beside a LongId (MS-ASCMD R3243).
    const isAlone = [FolderId, ItemId, InstanceId].every((each) => each === undefined);
    if (!isAlone) throw new StatusError(commonStatus.InvalidCombinationOfIDs);
    return await byLongId(LongId, context);
  }
  if (ItemId === undefined) throw new StatusError(commonStatus.InvalidCombinationOfIDs);
  return await byItemId(FolderId ?? folderIn(ItemId), ItemId, context);
}

async function byLongId(longId: string, { mailbox }: Context): Promise<Named> {
  if (parseReference(longId) === undefined) throw notOfOurForm();
  const found = await mailbox.resolve(longId);
  if (found === undefined || found.section !== "") throw notFound();
  const { collectionId, number, epoch } = found;
  return { collectionId, number, epoch };
}

async function byItemId(collectionId: string, itemId: string, context: Context): Promise<Named> {
  const isForm = itemNumber(folderIn(itemId), itemId) !== undefined;
  if (!isForm || folderSerial(collectionId) === undefined) throw notOfOurForm();
  const number = itemNumber(collectionId, itemId);
  if (number === undefined) throw notFound();
  // Nobody is sent another mail that has the number now.
  return { collectionId, number, epoch: await deviceEpoch(collectionId, context) };
}

function folderIn(itemId: string): string {
  return itemId.split(":")[0] ?? "";
}

/** Another fault than an id of something that is not there (MS-ASCMD 2.2.2, R4823, R4824). */
function notOfOurForm(): StatusError {
  return new StatusError(commonStatus.InvalidIDs, "no id of a mail");
}

function notFound(): StatusError {
  return new StatusError(commonStatus.ItemNotFound, "no such mail");
}

/** "2010-03-20T22:40:00.000Z" (MS-ASCMD R3200). */
const dateTimeForm = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d{1,3})?Z$/;

/** An occurrence is one of a calendar item; a mail has none (MS-ASCMD R541, R578, R4919). */
async function refuseInstance(instanceId: string, named: Named, context: Context): Promise<never> {
  const isDateTime = dateTimeForm.test(instanceId) && !Number.isNaN(Date.parse(instanceId));
  if (!isDateTime) throw new StatusError(commonStatus.InvalidDateTime);
  const item = await findOriginal(named, context);
  throw item === undefined ? notFound() : new StatusError(commonStatus.NoRecurrenceInCalendar);
}
