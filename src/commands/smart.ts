/** SmartReply and SmartForward (MS-ASCMD 2.2.1.19, 2.2.1.20): a mail about another one, which the server puts into it. */
import type { RequestOf } from "../../schemas/commands.ts";
import { commonStatus, StatusError } from "../../schemas/status.ts";
import type { SmartKind } from "../items/email/original.ts";
import type { Context } from "./context.ts";
import { forwardMeeting } from "./forward-meeting.ts";
import { sourceOf } from "./smart-source.ts";
import { refuseForeignAccount, refuseProtection, submit } from "./submit.ts";

type Reply = RequestOf<"SmartReply">;
type Forward = RequestOf<"SmartForward">;

/** Answers a SmartReply; success is the empty answer (R605). */
export async function handleSmartReply(
  request: Reply | undefined,
  context: Context,
): Promise<undefined> {
  if (request === undefined) throw new StatusError(commonStatus.InvalidContent);
  await handle("reply", request, context);
  return undefined;
}

/** Answers a SmartForward; success is the empty answer (R568). */
export async function handleSmartForward(
  request: Forward | undefined,
  context: Context,
): Promise<undefined> {
  if (request === undefined) throw new StatusError(commonStatus.InvalidContent);
  if (request.Forwardees === undefined && request.Body === undefined) {
    const { Mime } = request;
    if (Mime === undefined) throw new StatusError(commonStatus.InvalidXML, "Mime is missing");
    await handle("forward", { ...request, Mime }, context);
  } else {
    refuseForeignAccount(request);
    await forwardMeeting(request, context);
  }
  return undefined;
}

async function handle(kind: SmartKind, request: Reply, context: Context): Promise<void> {
  refuseForeignAccount(request);
  refuseProtection(request);
  const named = await sourceOf(request.Source, context);
  const about = { kind, ...named, isReplaced: request.ReplaceMime === true };
  await submit(context, request, { mime: request.Mime, about });
}
