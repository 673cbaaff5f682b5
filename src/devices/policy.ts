/** Policy keys: who must provision first, and the two phases of it (MS-ASPROV 3.2.5.1). Pure. */
import { commandStatus, commonStatus, httpForStatus } from "../../schemas/status.ts";
import { atLeast, type ProtocolVersion } from "../../schemas/version.ts";
import type { PolicyState } from "../store/devices.ts";

const policyStatus = commandStatus.ProvisionPolicy;

/** Commands that come without a policy key (MS-ASPROV 3.2.5.1), and the one that gets it. */
const exempt = new Set(["Provision", "Autodiscover", "Ping", "OPTIONS"]);

/** Why a command is not answered before the device provisions. */
export interface PolicyRefusal {
  /** Status of the answer, from 14.0 on. */
  readonly status: number;
  /** HTTP status instead of an answer, up to 12.1 (MS-ASCMD 2.2.4); undefined from 14.0 on. */
  readonly http: number | undefined;
}

/** What the gate judges by. */
export interface GateQuestion {
  /** Whether this account's devices must have a policy. */
  readonly required: boolean;
  readonly command: string;
  readonly version: ProtocolVersion;
  /** X-MS-PolicyKey, or the key of a base64 query; undefined when none was sent. */
  readonly sentKey: number | undefined;
  /** The key of the policy that the device acknowledged last. */
  readonly currentKey: number | undefined;
}

/** Lets a command pass (undefined), or says why the device must provision first. */
export function judge(question: GateQuestion): PolicyRefusal | undefined {
  const { required, command, version, sentKey, currentKey } = question;
  if (!required || exempt.has(command)) return undefined;
  if (currentKey !== undefined && sentKey === currentKey) return undefined;
  // "0" is what clients send before they have a key.
  const status =
    currentKey === undefined || !sentKey
      ? commonStatus.DeviceNotProvisioned
      : commonStatus.InvalidPolicyKey;
  return { status, http: atLeast(version, "14.0") ? undefined : httpForStatus(status) };
}

/** The key in an X-MS-PolicyKey header or a PolicyKey element: unsigned, 32 bits (MS-ASPROV 2.2.2.42). */
export function parsePolicyKey(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d{1,10}$/.test(text.trim())) return undefined;
  const key = Number(text);
  return key <= 0xffff_ffff ? key : undefined;
}

/** What a Provision is answered about one policy. */
export interface PolicyAnswer {
  /** Status of the Provision element. */
  readonly commandStatus: number;
  /** Status of the Policy element (MS-ASPROV 2.2.2.54.1). */
  readonly policyStatus: number;
  /** PolicyKey: temporary in phase 1, for all commands after phase 2. */
  readonly key: number | undefined;
}

const { Success } = commandStatus.Provision;

/** "There is no policy for this client": in both phases, whatever the device acknowledges. */
export const noPolicy: PolicyAnswer = {
  commandStatus: Success,
  policyStatus: policyStatus.NoPolicy,
  key: undefined,
};

/** Phase 1: the policy goes out under a temporary key. */
export function offer(temporaryKey: number): PolicyAnswer {
  return { commandStatus: Success, policyStatus: policyStatus.Success, key: temporaryKey };
}

/** Phase 2 with a key that is not the temporary one of this device. */
export const wrongKey: PolicyAnswer = {
  commandStatus: Success,
  policyStatus: policyStatus.PolicyKeyMismatch,
  key: undefined,
};

/** How far the device says that it applied the policy, and what that means to us. */
export interface Compliance {
  readonly state: PolicyState;
  /** Status of the Provision element. */
  readonly commandStatus: number;
}

/** The Status that a device acknowledges with (MS-ASPROV 2.2.2.54.1), judged; only 1 is enough. */
export function compliance(reported: number | undefined): Compliance {
  if (reported === 1) return { state: "acknowledged", commandStatus: Success };
  if (reported === 2) {
    return { state: "partly", commandStatus: commonStatus.DeviceNotFullyProvisionable };
  }
  if (reported === 4) {
    return { state: "external", commandStatus: commonStatus.ExternallyManagedDevicesNotAllowed };
  }
  return { state: "refused", commandStatus: commonStatus.LegacyDeviceOnStrictPolicy };
}

/** Phase 2 with the right key: a key for all commands when the device complies, else none. */
export function settle(judged: Compliance, finalKey: number): PolicyAnswer {
  const complies = judged.state === "acknowledged";
  return {
    commandStatus: judged.commandStatus,
    policyStatus: policyStatus.Success,
    key: complies ? finalKey : undefined,
  };
}
