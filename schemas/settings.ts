import { rightsManagementPage } from "./code-pages/rights-management.ts";
import { settingsPage } from "./code-pages/settings.ts";
import { command } from "./command.ts";
import { rightsManagementTemplates } from "./rights-management.ts";
import * as v from "./vocabulary.ts";

const page = settingsPage;

/** What a device says of itself (MS-ASCMD 2.2.3.45). */
export const deviceInformation = v.struct(page, {
  Model: v.optional(v.text),
  IMEI: v.optional(v.content(v.text)),
  FriendlyName: v.optional(v.text),
  OS: v.optional(v.text),
  OSLanguage: v.optional(v.text),
  PhoneNumber: v.optional(v.content(v.text)),
  UserAgent: v.since("12.1", v.text),
  EnableOutboundSMS: v.since("14.0", v.boolean),
  MobileOperator: v.since("14.0", v.text),
});

/** The element DeviceInformation of requests. */
export const setDeviceInformation = v.struct(page, { Set: v.optional(deviceInformation) });
/** The element DeviceInformation of answers. */
export const deviceInformationAnswer = v.struct(page, { Status: v.optional(v.integer) });

/** An out of office answer and to whom it goes (MS-ASCMD 2.2.3.124). */
const oofMessage = v.struct(page, {
  AppliesToInternal: v.optional(v.emptyTag),
  AppliesToExternalKnown: v.optional(v.emptyTag),
  AppliesToExternalUnknown: v.optional(v.emptyTag),
  Enabled: v.optional(v.boolean),
  ReplyMessage: v.optional(v.content(v.text)),
  BodyType: v.optional(v.text),
});

/** Out of office settings (MS-ASCMD 2.2.3.123). */
const oof = v.struct(page, {
  OofState: v.optional(v.integer),
  StartTime: v.optional(v.dateTime),
  EndTime: v.optional(v.dateTime),
  OofMessage: v.list(oofMessage),
});

const emailAddresses = v.struct(page, {
  SMTPAddress: v.list(v.content(v.text)),
  PrimarySmtpAddress: v.since("14.1", v.content(v.text)),
});

const account = v.struct(page, {
  AccountId: v.optional(v.text),
  AccountName: v.optional(v.content(v.text)),
  UserDisplayName: v.optional(v.content(v.text)),
  SendDisabled: v.optional(v.boolean),
  EmailAddresses: v.optional(emailAddresses),
});

/** The addresses and accounts of a user (MS-ASCMD 2.2.3.192); up to 14.0 only EmailAddresses. */
const userInformation = v.struct(page, {
  EmailAddresses: v.until("14.0", emailAddresses),
  Accounts: v.since("14.1", v.struct(page, { Account: v.list(account) })),
});

const templates = v.struct(page, {
  RightsManagementTemplates: v.from(rightsManagementPage, rightsManagementTemplates),
});
const status = v.optional(v.integer);

/** Settings (MS-ASCMD 2.2.1.18). */
export const settings = command("Settings", {
  page,
  code: 17,
  since: "12.0",
  request: v.struct(page, {
    RightsManagementInformation: v.since("14.1", v.struct(page, { Get: v.optional(v.emptyTag) })),
    Oof: v.optional(
      v.struct(page, {
        Get: v.optional(v.struct(page, { BodyType: v.optional(v.text) })),
        Set: v.optional(oof),
      }),
    ),
    DevicePassword: v.optional(
      v.struct(page, { Set: v.struct(page, { Password: v.content(v.text) }) }),
    ),
    DeviceInformation: v.optional(setDeviceInformation),
    UserInformation: v.optional(v.struct(page, { Get: v.optional(v.emptyTag) })),
  }),
  // R480: the answers stand in the order of what was asked.
  response: v.inOrder(
    v.struct(page, {
      Status: v.integer,
      RightsManagementInformation: v.since(
        "14.1",
        v.struct(page, { Status: status, Get: v.optional(templates) }),
      ),
      Oof: v.optional(v.struct(page, { Status: status, Get: v.optional(oof) })),
      DeviceInformation: v.optional(deviceInformationAnswer),
      DevicePassword: v.optional(v.struct(page, { Status: status })),
      UserInformation: v.optional(
        v.struct(page, { Status: status, Get: v.optional(userInformation) }),
      ),
    }),
  ),
});
