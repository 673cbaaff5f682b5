import { bodyPartPreference, bodyPreference } from "./air-sync-base.ts";
import { applicationData } from "./application-data.ts";
import { airSyncBasePage } from "./code-pages/air-sync-base.ts";
import { airSyncPage } from "./code-pages/air-sync.ts";
import { email2Page } from "./code-pages/email2.ts";
import { rightsManagementPage } from "./code-pages/rights-management.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

/** How a client wants the items of a class, per collection (MS-ASCMD 2.2.3.125.6). */
export const syncOptions = v.struct(airSyncPage, {
  Class: v.optional(v.text),
  FilterType: v.optional(v.integer),
  Truncation: v.until("2.5", v.integer),
  BodyPreference: v.from(airSyncBasePage, v.since("12.0", v.list(bodyPreference))),
  BodyPartPreference: v.from(airSyncBasePage, v.since("14.1", bodyPartPreference)),
  Conflict: v.optional(v.integer),
  MIMESupport: v.optional(v.integer),
  MIMETruncation: v.optional(v.integer),
  MaxItems: v.since("14.0", v.integer),
  RightsManagementSupport: v.from(rightsManagementPage, v.since("14.1", v.boolean)),
});

const send = v.from(email2Page, v.since("16.0", v.emptyTag));
const instanceId = v.from(airSyncBasePage, v.since("16.0", v.text));

/** What a client changed in a collection, in its order (MS-ASCMD 2.2.3.32). */
const clientCommands = v.choices(airSyncPage, {
  Add: v.struct(airSyncPage, {
    Class: v.since("14.0", v.text),
    ClientId: v.text,
    Send: send,
    ApplicationData: applicationData,
  }),
  Change: v.struct(airSyncPage, {
    Class: v.since("14.0", v.text),
    ServerId: v.text,
    InstanceId: instanceId,
    Send: send,
    ApplicationData: v.optional(applicationData),
  }),
  Delete: v.struct(airSyncPage, {
    Class: v.since("14.0", v.text),
    ServerId: v.text,
    InstanceId: instanceId,
  }),
  Fetch: v.struct(airSyncPage, { ServerId: v.text }),
});

const requestCollection = v.struct(airSyncPage, {
  Class: v.optional(v.text),
  SyncKey: v.missing(4, v.text),
  CollectionId: v.missing(4, v.text),
  Supported: v.optional(v.tagNames),
  DeletesAsMoves: v.optional(v.boolean),
  GetChanges: v.optional(v.boolean),
  WindowSize: v.optional(v.integer),
  ConversationMode: v.since("14.0", v.boolean),
  Options: v.list(syncOptions),
  Commands: v.optional(clientCommands),
});

/** What changed on the server, in the order to apply it. */
const serverCommands = v.choices(airSyncPage, {
  Add: v.struct(airSyncPage, {
    Class: v.since("14.0", v.text),
    ServerId: v.text,
    ApplicationData: applicationData,
  }),
  Change: v.struct(airSyncPage, {
    Class: v.since("14.0", v.text),
    ServerId: v.text,
    ApplicationData: applicationData,
  }),
  Delete: v.struct(airSyncPage, { Class: v.since("14.0", v.text), ServerId: v.text }),
  SoftDelete: v.struct(airSyncPage, { ServerId: v.text }),
});

/** What became of the client's commands (MS-ASCMD 2.2.3.154). */
const commandResponses = v.choices(airSyncPage, {
  Change: v.struct(airSyncPage, {
    Class: v.since("14.0", v.text),
    ServerId: v.text,
    InstanceId: instanceId,
    Status: v.integer,
    ApplicationData: v.since("16.0", applicationData),
  }),
  Add: v.struct(airSyncPage, {
    Class: v.since("14.0", v.text),
    ClientId: v.text,
    ServerId: v.optional(v.text),
    Status: v.integer,
    ApplicationData: v.since("16.0", applicationData),
  }),
  Delete: v.struct(airSyncPage, {
    Class: v.since("14.0", v.text),
    ServerId: v.text,
    InstanceId: instanceId,
    Status: v.integer,
  }),
  Fetch: v.struct(airSyncPage, {
    ServerId: v.optional(v.text),
    Status: v.integer,
    ApplicationData: v.optional(applicationData),
  }),
});

const responseCollection = v.struct(airSyncPage, {
  Class: v.until("12.1", v.text),
  SyncKey: v.optional(v.text),
  CollectionId: v.optional(v.text),
  Status: v.integer,
  MoreAvailable: v.optional(v.emptyTag),
  Commands: v.optional(serverCommands),
  Responses: v.optional(commandResponses),
});

/** Sync (MS-ASCMD 2.2.1.21). */
export const sync = command("Sync", {
  page: airSyncPage,
  code: 0,
  request: v.struct(airSyncPage, {
    Collections: v.optional(v.struct(airSyncPage, { Collection: v.list(requestCollection) })),
    Wait: v.since("12.1", v.integer),
    HeartbeatInterval: v.since("14.0", v.integer),
    WindowSize: v.optional(v.integer),
    Partial: v.since("12.1", v.emptyTag),
  }),
  response: v.struct(airSyncPage, {
    Status: v.optional(v.integer),
    Limit: v.since("12.1", v.integer),
    Collections: v.optional(v.struct(airSyncPage, { Collection: v.list(responseCollection) })),
  }),
});
