/** SendMail (MS-ASCMD 2.2.1.17): hands a mail to the submission server, once per ClientId. */
import type { RequestOf } from "../../schemas/commands.ts";
import { commonStatus, StatusError } from "../../schemas/status.ts";
import type { Context } from "./context.ts";
import { refuseForeignAccount, refuseProtection, submit } from "./submit.ts";

/** Answers a SendMail; success is the empty answer (MS-ASCMD 2.2.1.17, R463). */
export async function handleSendMail(
  request: RequestOf<"SendMail"> | undefined,
  context: Context,
): Promise<undefined> {
  if (request === undefined) throw new StatusError(commonStatus.InvalidContent);
  refuseForeignAccount(request);
  refuseProtection(request);
  await submit(context, request, { mime: request.Mime });
  return undefined;
}
