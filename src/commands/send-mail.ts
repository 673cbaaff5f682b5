/** SendMail (MS-ASCMD 2.2.1.17): hands a mail to the submission server, once per ClientId. */
import { SendRefused, type SendFault } from "../backend.ts";
import { commonStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf } from "../../schemas/commands.ts";
import type { Context } from "./context.ts";

/** Answers a SendMail; success is the empty answer (MS-ASCMD 2.2.1.17, R571). */
export async function handleSendMail(
  request: RequestOf<"SendMail"> | undefined,
  context: Context,
): Promise<undefined> {
  if (request === undefined) throw new StatusError(commonStatus.InvalidContent);
  if (request.Mime.length === 0) throw new StatusError(commonStatus.InvalidMIME);
  const submission = {
    deviceId: context.device.id,
    clientId: request.ClientId === "" ? undefined : request.ClientId,
    mime: request.Mime,
    saveInSent: request.SaveInSentItems === true,
  };
  try {
    await context.mailbox.send(submission, context.signal);
  } catch (error) {
    if (!(error instanceof SendRefused)) throw error;
    context.log.info({ fault: error.fault, err: error }, "the mail was not taken");
    throw new StatusError(sendStatus[error.fault], error.message, { cause: error });
  }
  return undefined;
}

const sendStatus: Readonly<Record<SendFault, number>> = {
  "no recipients": commonStatus.MessageHasNoRecipient,
  recipients: commonStatus.MessageRecipientUnresolved,
  sender: commonStatus.MailSubmissionFailed,
  "too large": commonStatus.MailSubmissionFailed,
  rejected: commonStatus.MailSubmissionFailed,
  login: commonStatus.MailSubmissionFailed,
  "over quota": commonStatus.SendQuotaExceeded,
};
