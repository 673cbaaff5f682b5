/** Provision (MS-ASPROV 2.2.1): the two phases by which a device gets its policy and its key. */
import { policyType, policyType25 } from "../../schemas/provision.ts";
import { commandStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import { parsePolicyKey, type PolicyAnswer } from "../devices/policy.ts";
import type { Context } from "./context.ts";

type Request = RequestOf<"Provision">;
type Response = ResponseOf<"Provision">;
type AskedPolicy = NonNullable<Request["Policies"]>["Policy"][number];

const status = commandStatus.Provision;

/** Answers a Provision: phase 1 asks for the policy, phase 2 acknowledges it with its key. */
export async function handleProvision(
  request: Request | undefined,
  context: Context,
): Promise<Response> {
  if (request === undefined) throw new StatusError(status.ProtocolError);
  const information = await deviceInformation(request, context);
  const [asked] = request.Policies?.Policy ?? [];
  // An empty Provision asks whether a wipe waits (MS-ASPROV 3.1.5.1.1): none does.
  if (asked === undefined) return { ...information, Status: status.Success };
  const known = context.version === "2.5" ? policyType25 : policyType;
  const PolicyType = asked.PolicyType ?? known;
  if (PolicyType !== known) {
    const Status = commandStatus.ProvisionPolicy.UnknownPolicyType;
    return answer(information, status.Success, { PolicyType, Status });
  }
  const { commandStatus: Status, policyStatus, key } = await answerTo(asked, context);
  const PolicyKey = key === undefined ? {} : { PolicyKey: String(key) };
  return answer(information, Status, { PolicyType, Status: policyStatus, ...PolicyKey });
}

type AnsweredPolicy = NonNullable<Response["Policies"]>["Policy"][number];

function answer(information: Partial<Response>, Status: number, policy: AnsweredPolicy): Response {
  return { ...information, Status, Policies: { Policy: [policy] } };
}

/** A Status tells phase 2: the device says how far it applied what phase 1 gave it. */
function answerTo(asked: AskedPolicy, { devices, device }: Context): Promise<PolicyAnswer> {
  if (asked.Status === undefined) return devices.requestPolicy(device);
  return devices.acknowledge(device, parsePolicyKey(asked.PolicyKey), asked.Status);
}

/** From 14.1 a device tells here what it is (MS-ASPROV 2.2.2.53). */
async function deviceInformation(
  request: Request,
  { devices, device }: Context,
): Promise<Partial<Response>> {
  const information = request.DeviceInformation?.Set;
  if (information === undefined) return {};
  await devices.putInformation(device, information);
  return { DeviceInformation: { Status: commandStatus.Settings.Success } };
}
