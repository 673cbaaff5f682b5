import { provisionPage } from "./code-pages/provision.ts";
import { settingsPage } from "./code-pages/settings.ts";
import { command } from "./command.ts";
import { easProvisionDoc } from "./policy-settings.ts";
import { deviceInformationAnswer, setDeviceInformation } from "./settings.ts";
import * as v from "./vocabulary.ts";

const page = provisionPage;

/** The type of policy that versions from 12.0 know (MS-ASPROV 2.2.2.43). */
export const policyType = "MS-EAS-Provisioning-WBXML";

/** The type of policy that 2.5 knows (MS-ASPROV 2.2.2.43). */
export const policyType25 = "MS-WAP-Provisioning-XML";

const requestedPolicy = v.struct(page, {
  PolicyType: v.optional(v.text),
  PolicyKey: v.optional(v.text),
  Status: v.optional(v.integer),
});

const policy = v.struct(page, {
  PolicyType: v.text,
  Status: v.integer,
  PolicyKey: v.optional(v.text),
  Data: v.optional(v.struct(page, { EASProvisionDoc: easProvisionDoc })),
});

const wipeResult = v.struct(page, { Status: v.optional(v.integer) });

/** Provision (MS-ASPROV 2.2.1). */
export const provision = command("Provision", {
  page,
  code: 20,
  request: v.struct(page, {
    DeviceInformation: v.from(settingsPage, v.since("14.1", setDeviceInformation)),
    Policies: v.optional(v.struct(page, { Policy: v.list(requestedPolicy) })),
    RemoteWipe: v.optional(wipeResult),
    AccountOnlyRemoteWipe: v.since("16.1", wipeResult),
  }),
  response: v.struct(page, {
    DeviceInformation: v.from(settingsPage, v.since("14.1", deviceInformationAnswer)),
    Status: v.integer,
    Policies: v.optional(v.struct(page, { Policy: v.list(policy) })),
    RemoteWipe: v.optional(v.emptyTag),
    AccountOnlyRemoteWipe: v.since("16.1", v.emptyTag),
  }),
});
