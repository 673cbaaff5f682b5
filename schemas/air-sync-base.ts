import { airSyncBasePage } from "./code-pages/air-sync-base.ts";
import { email2Page } from "./code-pages/email2.ts";
import { itemOperationsPage } from "./code-pages/item-operations.ts";
import * as v from "./vocabulary.ts";

/** Which form of a body a client wants, and how much of it (MS-ASAIRS 2.2.2.12, R150). */
export const bodyPreference = v.sequence(
  v.struct(airSyncBasePage, {
    Type: v.integer,
    TruncationSize: v.optional(v.integer),
    AllOrNone: v.optional(v.boolean),
    Preview: v.since("14.0", v.integer),
  }),
);

/** Which form of a message part a client wants (MS-ASAIRS 2.2.2.11). */
export const bodyPartPreference = v.sequence(
  v.struct(airSyncBasePage, {
    Type: v.integer,
    TruncationSize: v.optional(v.integer),
    AllOrNone: v.optional(v.boolean),
    Preview: v.optional(v.integer),
  }),
);

/** The body of an item (MS-ASAIRS 2.2.2.9); a client sends Type and Data. */
export const body = v.struct(airSyncBasePage, {
  Type: v.optional(v.integer),
  EstimatedDataSize: v.optional(v.integer),
  Truncated: v.optional(v.boolean),
  Data: v.optional(v.content(v.textOrBytes)),
  Part: v.from(itemOperationsPage, v.optional(v.integer)),
  Preview: v.since("14.0", v.content(v.text)),
});

/** The part of a conversation's message that is its own (MS-ASAIRS 2.2.2.10). */
export const bodyPart = v.struct(airSyncBasePage, {
  Status: v.integer,
  Type: v.optional(v.integer),
  EstimatedDataSize: v.optional(v.integer),
  Truncated: v.optional(v.boolean),
  Data: v.optional(v.content(v.textOrBytes)),
  Preview: v.optional(v.content(v.text)),
});

/** What is known of one attachment (MS-ASAIRS 2.2.2.7). */
const attachment = v.struct(airSyncBasePage, {
  DisplayName: v.optional(v.content(v.text)),
  FileReference: v.optional(v.text),
  ClientId: v.since("16.0", v.text),
  Method: v.optional(v.integer),
  EstimatedDataSize: v.optional(v.integer),
  ContentId: v.optional(v.text),
  ContentLocation: v.optional(v.text),
  IsInline: v.optional(v.boolean),
  UmAttDuration: v.from(email2Page, v.optional(v.integer)),
  UmAttOrder: v.from(email2Page, v.optional(v.integer)),
});

const addedAttachment = v.struct(airSyncBasePage, {
  ClientId: v.text,
  Method: v.integer,
  ContentType: v.optional(v.text),
  Content: v.content(v.octets),
  DisplayName: v.content(v.text),
  ContentId: v.optional(v.text),
  ContentLocation: v.optional(v.text),
  IsInline: v.optional(v.boolean),
});

/** The attachments of an item; Add and Delete are a client's changes (MS-ASAIRS 2.2.2.8). */
const attachments = v.choices(airSyncBasePage, {
  Attachment: attachment,
  Add: v.since("16.0", addedAttachment),
  Delete: v.since("16.0", v.struct(airSyncBasePage, { FileReference: v.text })),
});

/** A place (MS-ASAIRS 2.2.2.28). */
const location = v.struct(airSyncBasePage, {
  DisplayName: v.optional(v.content(v.text)),
  Annotation: v.optional(v.content(v.text)),
  Street: v.optional(v.content(v.text)),
  City: v.optional(v.content(v.text)),
  State: v.optional(v.content(v.text)),
  Country: v.optional(v.content(v.text)),
  PostalCode: v.optional(v.content(v.text)),
  Latitude: v.optional(v.content(v.decimal)),
  Longitude: v.optional(v.content(v.decimal)),
  Accuracy: v.optional(v.decimal),
  Altitude: v.optional(v.content(v.decimal)),
  AltitudeAccuracy: v.optional(v.decimal),
  LocationUri: v.optional(v.content(v.text)),
});

/** The attachments field of every class. */
export const attachmentsField = v.from(airSyncBasePage, v.since("12.0", attachments));
/** The body field of every class. */
export const bodyField = v.from(airSyncBasePage, v.since("12.0", body));
/** The native body type field of every class. */
export const nativeBodyTypeField = v.from(airSyncBasePage, v.since("12.0", v.integer));
/** The location field of the classes that have one, as versions from 16.0 send it. */
export const locationField = v.from(airSyncBasePage, v.since("16.0", location));
/** The instance field of the classes that recur: the original start, as 16.0 compact text. */
export const instanceIdField = v.from(airSyncBasePage, v.since("16.0", v.text));
