/** GetAttachment (MS-ASCMD 2.2.1.7), up to 12.1: the attachment itself is the answer. */
import { commonStatus, StatusError } from "../../schemas/status.ts";
import { everything, keepRange, openAttachment } from "./attachment.ts";
import { RawAnswer, type Context } from "./context.ts";

/** Answers with the decoded bytes of the attachment that the query names. */
export async function handleGetAttachment(_request: unknown, context: Context): Promise<RawAnswer> {
  const name = context.parameters.attachmentName;
  const attachment = name === undefined ? undefined : await openAttachment(name, context);
  // MS-ASCMD R166: HTTP 500 for an attachment that is not there (any more).
  if (attachment === undefined)
    throw new StatusError(commonStatus.ServerError, "no such attachment");
  // Whole before the first byte goes out: then it is known how long it is, and that it is all there.
  const { kept } = await keepRange(attachment.bytes, everything, context.spool);
  return new RawAnswer(attachment.contentType, kept);
}
