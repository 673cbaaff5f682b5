/** What SendMail, SmartReply and SmartForward have in common: checks, sending once, the statuses of refusals. */
import { commonStatus, StatusError } from "../../schemas/status.ts";
import { SendRefused, type SendFault } from "../backend.ts";
import type { About, Submission } from "../mailbox/mailbox.ts";
import { OriginalGone } from "../mailbox/mailbox.ts";
import type { Context } from "./context.ts";

/** The elements of a request that say how it is sent. */
export interface SendRequest {
  readonly ClientId: string;
  readonly SaveInSentItems?: boolean | undefined;
  readonly AccountId?: string | undefined;
  readonly TemplateID?: string | undefined;
}

/** What is sent. */
export interface Outgoing {
  readonly mime: Submission["mime"];
  readonly about?: About;
  /** Names what is asked for, where the mail is not the device's own. */
  readonly fingerprint?: Buffer;
}

/** Sends from the account; Settings tells of no other ones, so no AccountId is valid (MS-ASCMD R722, R724). */
export function refuseForeignAccount({ AccountId }: SendRequest): void {
  if (AccountId !== undefined) throw new StatusError(commonStatus.InvalidAccountId);
}

/** A server without rights management says so, rather than send without protection (MS-ASRM R223, R372). */
export function refuseProtection({ TemplateID }: SendRequest): void {
  if (TemplateID !== undefined) throw new StatusError(commonStatus.IRM_FeatureDisabled);
}

/** Sends a mail. Throws StatusError, BackendUnavailable. */
export async function submit(
  context: Context,
  request: SendRequest,
  { mime, about, fingerprint }: Outgoing,
): Promise<void> {
  const isEmpty = Buffer.isBuffer(mime) ? mime.length === 0 : mime.sizeBytes === 0;
  if (isEmpty) throw new StatusError(commonStatus.InvalidMIME);
  const submission = {
    deviceId: context.device.id,
    clientId: request.ClientId === "" ? undefined : request.ClientId,
    fingerprint,
    mime,
    saveInSent: request.SaveInSentItems === true,
    about,
  };
  try {
    await context.mailbox.send(submission, context.signal);
  } catch (error) {
    throw asStatus(error, context, about);
  }
}

function asStatus(error: unknown, { log }: Context, about: About | undefined): unknown {
  if (error instanceof OriginalGone) {
    return new StatusError(commonStatus.ItemNotFound, error.message, { cause: error });
  }
  if (!(error instanceof SendRefused)) return error;
  log.info({ fault: error.fault, err: error }, "the mail was not taken");
  // What the original brought along made it too large.
  const isTooLarge = error.fault === "too large" && about?.kind === "forward";
  const status = isTooLarge ? commonStatus.AttachmentIsTooLarge : sendStatus[error.fault];
  return new StatusError(status, error.message, { cause: error });
}

/** Status of a mail that was not taken, by the reason. */
export const sendStatus: Readonly<Record<SendFault, number>> = {
  "no recipients": commonStatus.MessageHasNoRecipient,
  recipients: commonStatus.MessageRecipientUnresolved,
  sender: commonStatus.MailSubmissionFailed,
  "too large": commonStatus.MailSubmissionFailed,
  rejected: commonStatus.MailSubmissionFailed,
  login: commonStatus.MailSubmissionFailed,
  "over quota": commonStatus.SendQuotaExceeded,
};
