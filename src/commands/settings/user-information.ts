/** UserInformation of Settings (MS-ASCMD 2.2.3.192): by which addresses the user is known. */
import { commandStatus } from "../../../schemas/status.ts";
import { atLeast } from "../../../schemas/version.ts";
import type { Context } from "../context.ts";
import type { SettingsRequest, SettingsResponse } from "./types.ts";

const status = commandStatus.Settings;

/**
 * Up to 14.0 the addresses stand alone, from 14.1 on in an account. The primary account has no AccountId
 * (MS-ASCMD 2.2.3.3.2, R729), and further addresses are of the same mailbox.
 */
export function answerUserInformation(
  { UserInformation: asked }: SettingsRequest,
  { account, version }: Context,
): Partial<SettingsResponse> {
  if (asked === undefined) return {};
  if (asked.Get === undefined) return { UserInformation: { Status: status.ProtocolError } };
  const EmailAddresses = {
    SMTPAddress: [...account.addresses],
    PrimarySmtpAddress: account.email,
  };
  const Get = atLeast(version, "14.1")
    ? {
        Accounts: {
          Account: [{ UserDisplayName: account.displayName, SendDisabled: false, EmailAddresses }],
        },
      }
    : { EmailAddresses };
  return { UserInformation: { Status: status.Success, Get } };
}
