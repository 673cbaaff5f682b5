/** Settings (MS-ASCMD 2.2.1.18): what the device says of itself, what it asks and sets of its user. */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import type { Context } from "../context.ts";
import { answerOutOfOffice } from "./out-of-office.ts";
import type { SettingsRequest, SettingsResponse } from "./types.ts";
import { answerUserInformation } from "./user-information.ts";

const status = commandStatus.Settings;

/** MS-ASCMD 2.2.3.132.3, R3660. */
const longestPassword = 255;

/** Each property by its name. */
const properties: {
  readonly [Name in keyof SettingsRequest]-?: (
    request: SettingsRequest,
    context: Context,
  ) => Partial<SettingsResponse> | Promise<Partial<SettingsResponse>>;
} = {
  RightsManagementInformation: rightsManagement,
  Oof: answerOutOfOffice,
  DevicePassword: devicePassword,
  DeviceInformation: deviceInformation,
  UserInformation: answerUserInformation,
};

/**
 * Answers a Settings: each property has a Status of its own (MS-ASCMD 2.2.3.177.15), and is carried out and answered
 * in the order of the request (R478, R480).
 */
export async function handleSettings(
  request: SettingsRequest | undefined,
  context: Context,
): Promise<SettingsResponse> {
  if (request === undefined || Object.keys(request).length === 0) {
    throw new StatusError(status.ProtocolError);
  }
  const response: SettingsResponse = { Status: status.Success };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the decoder puts no other keys there
  for (const name of Object.keys(request) as (keyof SettingsRequest)[]) {
    Object.assign(response, await properties[name](request, context));
  }
  return response;
}

/** No mail is protected here: there is no template to protect one with (MS-ASRM 2.2.2.17, R303). */
function rightsManagement({
  RightsManagementInformation: asked,
}: SettingsRequest): Partial<SettingsResponse> {
  if (asked === undefined) return {};
  const none = { RightsManagementTemplates: { RightsManagementTemplate: [] } };
  const answer =
    asked.Get === undefined
      ? { Status: status.ProtocolError }
      : { Status: status.Success, Get: none };
  return { RightsManagementInformation: answer };
}

async function deviceInformation(
  { DeviceInformation: asked }: SettingsRequest,
  context: Context,
): Promise<Partial<SettingsResponse>> {
  if (asked === undefined) return {};
  if (asked.Set === undefined) return { DeviceInformation: { Status: status.ProtocolError } };
  await context.devices.putInformation(context.device, asked.Set);
  return { DeviceInformation: { Status: status.Success } };
}

/** Without the operator's key no password is kept: recovery is off (MS-ASCMD 2.2.3.177.15, R4402). */
async function devicePassword(
  { DevicePassword: asked }: SettingsRequest,
  { recovery, device }: Context,
): Promise<Partial<SettingsResponse>> {
  if (asked === undefined) return {};
  const { Password } = asked.Set;
  if (Password.length > longestPassword) {
    return { DevicePassword: { Status: status.InvalidArguments } };
  }
  const isKept = await recovery.put(device, Password);
  return { DevicePassword: { Status: isKept ? status.Success : status.DeniedByPolicy } };
}
