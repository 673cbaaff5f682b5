/** Provision (MS-ASPROV 2.2.1): the two phases by which a device gets its policy and its key. */
import { policyType } from "../../schemas/provision.ts";
import { commandStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import type { Context } from "./context.ts";

type Request = RequestOf<"Provision">;
type Response = ResponseOf<"Provision">;
type PolicyAnswer = NonNullable<Response["Policies"]>["Policy"][number];

const status = commandStatus.Provision;

/** Answers a Provision: phase 1 asks for the policy, phase 2 acknowledges it with its key. */
export async function handleProvision(
  request: Request | undefined,
  context: Context,
): Promise<Response> {
  if (request === undefined) throw new StatusError(status.ProtocolError);
  const information = await putInformation(request, context);
  const asked = request.Policies?.Policy ?? [];
  // A device without a policy in question only tells its information, or reports a wipe we never asked for.
  if (asked.length === 0) return { ...information, Status: status.Success };
  const Policy: PolicyAnswer[] = [];
  for (const one of asked) Policy.push(await answerPolicy(one, context));
  return { ...information, Status: status.Success, Policies: { Policy } };
}
