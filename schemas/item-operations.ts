import { syncOptions } from "./air-sync.ts";
import { bodyPartPreference, bodyPreference } from "./air-sync-base.ts";
import { fetchedClasses } from "./application-data.ts";
import { airSyncBasePage } from "./code-pages/air-sync-base.ts";
import { airSyncPage } from "./code-pages/air-sync.ts";
import { documentLibraryPage } from "./code-pages/document-library.ts";
import { itemOperationsPage } from "./code-pages/item-operations.ts";
import { rightsManagementPage } from "./code-pages/rights-management.ts";
import { searchPage } from "./code-pages/search.ts";
import { command } from "./command.ts";
import { addressListFindOptions, mailboxFindOptions } from "./find.ts";
import { estimateOptions } from "./get-item-estimate.ts";
import { resolveOptions } from "./resolve-recipients.ts";
import { searchOptions } from "./search.ts";
import { commandStatus } from "./status.ts";
import * as v from "./vocabulary.ts";

const page = itemOperationsPage;

/** Which item: by server id, long id, link or file reference. */
const item = {
  CollectionId: v.from(airSyncPage, v.optional(v.text)),
  ServerId: v.from(airSyncPage, v.optional(v.text)),
  LongId: v.from(searchPage, v.optional(v.text)),
};
const link = v.from(documentLibraryPage, v.optional(v.content(v.text)));
const fileReference = v.from(airSyncBasePage, v.optional(v.text));
const { ProtocolError } = commandStatus.ItemOperations;

const fetchingOptions = v.struct(page, {
  Schema: v.optional(v.tagNames),
  Range: v.optional(v.text),
  UserName: v.since("12.1", v.content(v.text)),
  Password: v.since("12.1", v.content(v.text)),
  MIMESupport: v.from(airSyncPage, v.optional(v.integer)),
  BodyPreference: v.from(airSyncBasePage, v.list(bodyPreference)),
  BodyPartPreference: v.from(airSyncBasePage, v.since("14.1", bodyPartPreference)),
  RightsManagementSupport: v.from(rightsManagementPage, v.since("14.1", v.boolean)),
});

/** Those that an attachment has (MS-ASCMD 2.2.3.8, R767); of rights a device may tell with every fetch (MS-ASRM 2.2.2.15). */
export const attachmentOptions: ReadonlySet<string> = new Set(["Range", "RightsManagementSupport"]);

const emptyingOptions = v.struct(page, { DeleteSubFolders: v.optional(v.emptyTag) });
const movingOptions = v.struct(page, { MoveAlways: v.optional(v.emptyTag) });

/** Options of another operation or command are invalid (MS-ASCMD 2.2.3.125.3, R3547); others are passed over. */
const elsewhere = {
  status: ProtocolError,
  elementsOf: [
    fetchingOptions,
    emptyingOptions,
    movingOptions,
    syncOptions,
    searchOptions,
    mailboxFindOptions,
    addressListFindOptions,
    estimateOptions,
    resolveOptions,
  ],
};

const fetch = v.struct(page, {
  Store: v.text,
  ...item,
  LinkId: link,
  // MS-ASCMD 2.2.3.8, R764, R765.
  FileReference: v.single(ProtocolError, fileReference),
  Options: v.list(v.refusing(elsewhere, fetchingOptions)),
  RemoveRightsManagementProtection: v.from(rightsManagementPage, v.since("14.1", v.emptyTag)),
});

const emptyFolderContents = v.struct(page, {
  CollectionId: v.from(airSyncPage, v.text),
  Options: v.optional(v.refusing(elsewhere, emptyingOptions)),
});

/** Clients are seen that move by server id: what is needed is left to the handler. */
const move = v.struct(page, {
  ConversationId: v.optional(v.opaque),
  DstFldId: v.optional(v.text),
  Options: v.optional(v.refusing(elsewhere, movingOptions)),
});

/** What was fetched: an attachment's bytes, or the elements of an item (MS-ASCMD 2.2.3.139.2). */
const fetchedProperties = v.properties(
  v.struct(page, {
    Range: v.optional(v.text),
    Total: v.optional(v.integer),
    ContentType: v.from(airSyncBasePage, v.optional(v.text)),
    Data: v.optional(v.content(v.textOrBytes)),
    Part: v.optional(v.integer),
    Version: v.optional(v.dateTime),
  }),
  fetchedClasses,
);

const fetched = v.struct(page, {
  Status: v.integer,
  ...item,
  Class: v.from(airSyncPage, v.optional(v.text)),
  LinkId: link,
  FileReference: fileReference,
  Properties: v.optional(fetchedProperties),
});

const answers = v.struct(page, {
  Move: v.since("14.0", v.list(v.struct(page, { Status: v.integer, ConversationId: v.opaque }))),
  EmptyFolderContents: v.list(
    v.struct(page, { Status: v.integer, CollectionId: v.from(airSyncPage, v.text) }),
  ),
  Fetch: v.list(fetched),
});

/** ItemOperations (MS-ASCMD 2.2.1.10); the operations keep their order, in which they are carried out (R193). */
export const itemOperations = command("ItemOperations", {
  page,
  code: 19,
  since: "12.0",
  request: v.choices(page, {
    EmptyFolderContents: emptyFolderContents,
    Fetch: fetch,
    Move: v.since("14.0", move),
  }),
  response: v.struct(page, { Status: v.integer, Response: v.optional(answers) }),
});
