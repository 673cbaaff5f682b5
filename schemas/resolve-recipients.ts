import { resolveRecipientsPage } from "./code-pages/resolve-recipients.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

const page = resolveRecipientsPage;

/** How recipients are resolved (MS-ASCMD 2.2.3.125.4). */
export const resolveOptions = v.struct(page, {
  CertificateRetrieval: v.optional(v.integer),
  MaxCertificates: v.optional(v.integer),
  MaxAmbiguousRecipients: v.optional(v.integer),
  Availability: v.since(
    "14.0",
    // Read leniently: a time that is missing or none has a Status of its own (R3986, R2264).
    v.struct(page, { StartTime: v.optional(v.text), EndTime: v.optional(v.text) }),
  ),
  Picture: v.since(
    "14.1",
    v.struct(page, { MaxSize: v.optional(v.integer), MaxPictures: v.optional(v.integer) }),
  ),
});

const certificates = v.struct(page, {
  Status: v.integer,
  CertificateCount: v.optional(v.integer),
  RecipientCount: v.optional(v.integer),
  Certificate: v.list(v.text),
  MiniCertificate: v.optional(v.text),
});

const recipient = v.struct(page, {
  Type: v.integer,
  DisplayName: v.content(v.text),
  EmailAddress: v.content(v.text),
  Availability: v.since(
    "14.0",
    v.struct(page, { Status: v.integer, MergedFreeBusy: v.optional(v.content(v.text)) }),
  ),
  Certificates: v.optional(certificates),
  Picture: v.since(
    "14.1",
    v.list(v.struct(page, { Status: v.integer, Data: v.optional(v.content(v.textOrBytes)) })),
  ),
});

/** ResolveRecipients (MS-ASCMD 2.2.1.15). */
export const resolveRecipients = command("ResolveRecipients", {
  page,
  code: 21,
  request: v.struct(page, { To: v.list(v.content(v.text)), Options: v.optional(resolveOptions) }),
  response: v.struct(page, {
    Status: v.integer,
    Response: v.list(
      v.struct(page, {
        To: v.content(v.text),
        Status: v.integer,
        RecipientCount: v.optional(v.integer),
        Recipient: v.list(recipient),
      }),
    ),
  }),
});
