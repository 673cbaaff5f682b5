/** Settings (MS-ASCMD 2.2.1.18): what the device says of itself and what it asks of its user. */
import { atLeast } from "../../schemas/version.ts";
import { commandStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import type { Context } from "./context.ts";

type Request = RequestOf<"Settings">;
type Response = ResponseOf<"Settings">;

const status = commandStatus.Settings;

/** Answers a Settings: each property has a Status of its own (MS-ASCMD 2.2.3.177.15). */
export async function handleSettings(
  request: Request | undefined,
  context: Context,
): Promise<Response> {
  if (request === undefined || Object.keys(request).length === 0) {
    throw new StatusError(status.ProtocolError);
  }
  return {
    Status: status.Success,
    ...refusedProperties(request),
    ...(await deviceInformation(request, context)),
    ...userInformation(request, context),
  };
}

/** Properties that this server does not keep are denied one by one; the others are answered. */
function refusedProperties(request: Request): Partial<Response> {
  const Status = status.AccessDenied;
  return {
    ...(request.Oof === undefined ? {} : { Oof: { Status } }),
    ...(request.DevicePassword === undefined ? {} : { DevicePassword: { Status } }),
    ...(request.RightsManagementInformation === undefined
      ? {}
      : { RightsManagementInformation: { Status } }),
  };
}

async function deviceInformation(request: Request, context: Context): Promise<Partial<Response>> {
  if (request.DeviceInformation === undefined) return {};
  const { Set: information } = request.DeviceInformation;
  if (information === undefined) return { DeviceInformation: { Status: status.ProtocolError } };
  await context.devices.putInformation(context.device, information);
  return { DeviceInformation: { Status: status.Success } };
}

/** Up to 14.0 the addresses stand alone, from 14.1 on in an account (MS-ASCMD 2.2.3.192). */
function userInformation(request: Request, { account, version }: Context): Partial<Response> {
  if (request.UserInformation === undefined) return {};
  if (request.UserInformation.Get === undefined) {
    return { UserInformation: { Status: status.ProtocolError } };
  }
  const EmailAddresses = {
    SMTPAddress: [...account.addresses],
    PrimarySmtpAddress: account.email,
  };
  const Get = atLeast(version, "14.1")
    ? { Accounts: { Account: [{ UserDisplayName: account.displayName, EmailAddresses }] } }
    : { EmailAddresses };
  return { UserInformation: { Status: status.Success, Get } };
}
