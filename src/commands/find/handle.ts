/** Find (MS-ASCMD 2.2.1.2): mails with a preview, or entries of the address list, by a keyword query. */
import { commandStatus, commonStatus, StatusError } from "../../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../../schemas/commands.ts";
import { BackendError } from "../../backend.ts";
import { TimeLimitPassed } from "../../kit/abort.ts";
import type { Context } from "../context.ts";
import { findPeople } from "./address-list.ts";
import { findMails } from "./mailbox.ts";

type Request = RequestOf<"Find">;
type Response = ResponseOf<"Find">;

const status = commandStatus.Find;

/** Answers a Find; a parameter that is not valid is told in both places (MS-ASCMD 2.2.3.177.2). */
export async function handleFind(
  request: Request | undefined,
  context: Context,
): Promise<Response> {
  try {
    return { Status: status.Success, Response: await responseOf(request, context) };
  } catch (error) {
    if (error instanceof TimeLimitPassed || error instanceof BackendError) {
      throw new StatusError(commonStatus.ServerErrorRetryLater, error.message, { cause: error });
    }
    return refusal(error);
  }
}

function refusal(error: unknown): Response {
  if (!(error instanceof StatusError)) throw error;
  const Response = { Status: error.status, Result: [] };
  // That a range must begin with 0 is told of the response alone, an old hierarchy of the command alone.
  if (error.status === status.StartWithRangeZero) return { Status: status.Success, Response };
  if (error.status === status.InvalidRequest) return { Status: error.status, Response };
  throw error;
}

async function responseOf(
  request: Request | undefined,
  context: Context,
): Promise<NonNullable<Response["Response"]>> {
  const { MailBoxSearchCriterion, GalSearchCriterion } = request?.ExecuteSearch ?? {};
  const searchId = request?.SearchId ?? "";
  if (searchId === "") throw new StatusError(status.InvalidRequest, "no SearchId");
  if (MailBoxSearchCriterion === undefined && GalSearchCriterion !== undefined) {
    return await findPeople(GalSearchCriterion, context);
  }
  if (MailBoxSearchCriterion === undefined || GalSearchCriterion !== undefined) {
    throw new StatusError(status.InvalidRequest, "not one criterion");
  }
  return await findMails(searchId, MailBoxSearchCriterion, context);
}
