import { body } from "./air-sync-base.ts";
import { airSyncBasePage } from "./code-pages/air-sync-base.ts";
import { composeMailPage } from "./code-pages/compose-mail.ts";
import { rightsManagementPage } from "./code-pages/rights-management.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

/** To whom a meeting is forwarded (MS-ASCMD 2.2.3.79). */
export const forwardees = v.struct(composeMailPage, {
  Forwardee: v.list(
    v.struct(composeMailPage, {
      ForwardeeEmail: v.content(v.text),
      ForwardeeName: v.optional(v.content(v.text)),
    }),
  ),
});

/** To whom a device forwards one; what is missing is told by a Status of its own (MS-ASCMD 2.2.2, 179). */
const askedForwardees = v.struct(composeMailPage, {
  Forwardee: v.list(
    v.struct(composeMailPage, {
      ForwardeeEmail: v.optional(v.content(v.text)),
      ForwardeeName: v.optional(v.content(v.text)),
    }),
  ),
});

const source = v.struct(composeMailPage, {
  FolderId: v.optional(v.text),
  ItemId: v.optional(v.text),
  LongId: v.optional(v.text),
  InstanceId: v.optional(v.text),
});

const sent = {
  ClientId: v.text,
  AccountId: v.since("14.1", v.text),
  SaveInSentItems: v.optional(v.emptyTag),
};
const sentMime = {
  Mime: v.content(v.octets),
  TemplateID: v.from(rightsManagementPage, v.since("14.1", v.text)),
};
const answer = v.struct(composeMailPage, { Status: v.optional(v.integer) });
const composed = { page: composeMailPage, wbxmlSince: "14.0", response: answer } as const;

/** SendMail (MS-ASCMD 2.2.1.17). */
export const sendMail = command("SendMail", {
  ...composed,
  code: 1,
  request: v.struct(composeMailPage, { ...sent, ...sentMime }),
});

/** SmartForward (MS-ASCMD 2.2.1.19). */
export const smartForward = command("SmartForward", {
  ...composed,
  code: 2,
  request: v.struct(composeMailPage, {
    ...sent,
    ReplaceMime: v.optional(v.emptyTag),
    Source: source,
    Mime: v.optional(v.content(v.octets)),
    TemplateID: sentMime.TemplateID,
    Forwardees: v.since("16.0", askedForwardees),
    // What is said to the forwardees (MS-ASAIRS 2.2.2.9, R1332).
    Body: v.from(airSyncBasePage, v.since("16.0", body)),
  }),
});

/** SmartReply (MS-ASCMD 2.2.1.20). */
export const smartReply = command("SmartReply", {
  ...composed,
  code: 3,
  request: v.struct(composeMailPage, {
    ...sent,
    ReplaceMime: v.optional(v.emptyTag),
    Source: source,
    ...sentMime,
  }),
});
