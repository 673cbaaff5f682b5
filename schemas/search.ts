import { bodyPartPreference, bodyPreference } from "./air-sync-base.ts";
import { fetchedClasses } from "./application-data.ts";
import { airSyncBasePage } from "./code-pages/air-sync-base.ts";
import { airSyncPage } from "./code-pages/air-sync.ts";
import { documentLibraryPage } from "./code-pages/document-library.ts";
import { emailPage } from "./code-pages/email.ts";
import { rightsManagementPage } from "./code-pages/rights-management.ts";
import { searchPage } from "./code-pages/search.ts";
import { command } from "./command.ts";
import { email } from "./email.ts";
import { gal } from "./gal.ts";
import * as v from "./vocabulary.ts";

const page = searchPage;

/** Read leniently: what is missing or no moment has a Status of its own. */
const comparison = v.struct(page, {
  DateReceived: v.from(emailPage, v.optional(v.emptyTag)),
  Value: v.optional(v.text),
});

const terms = {
  FreeText: v.content(v.text),
  Class: v.from(airSyncPage, v.text),
  CollectionId: v.from(airSyncPage, v.text),
  ConversationId: v.opaque,
  EqualTo: v.struct(page, {
    LinkId: v.from(documentLibraryPage, v.content(v.text)),
    Value: v.optional(v.content(v.text)),
  }),
  GreaterThan: comparison,
  LessThan: comparison,
};
/** One And or Or inside another is answered as too complex; deeper ones are not even read. */
const nested = v.noticing(
  // What a mail has is no term: Status 2, R4329.
  [email],
  v.choices(page, { ...terms, And: v.choices(page, terms), Or: v.choices(page, terms) }),
);
const query = v.choices(page, { ...terms, And: nested, Or: nested });

/** How to search, and how to show what is found (MS-ASCMD 2.2.3.125.5). */
export const searchOptions = v.struct(page, {
  MIMESupport: v.from(airSyncPage, v.optional(v.integer)),
  BodyPreference: v.from(airSyncBasePage, v.list(bodyPreference)),
  BodyPartPreference: v.from(airSyncBasePage, v.since("14.1", bodyPartPreference)),
  RightsManagementSupport: v.from(rightsManagementPage, v.since("14.1", v.boolean)),
  Range: v.optional(v.text),
  UserName: v.since("12.1", v.content(v.text)),
  Password: v.since("12.1", v.content(v.text)),
  DeepTraversal: v.since("12.0", v.emptyTag),
  RebuildResults: v.since("12.0", v.emptyTag),
  Picture: v.since(
    "14.1",
    v.struct(page, { MaxSize: v.optional(v.integer), MaxPictures: v.optional(v.integer) }),
  ),
});

const found = v.struct(page, {
  Class: v.from(airSyncPage, v.optional(v.text)),
  LongId: v.optional(v.text),
  CollectionId: v.from(airSyncPage, v.optional(v.text)),
  Properties: v.optional(v.properties(v.struct(page, {}), { ...fetchedClasses, GAL: gal })),
});

const store = v.struct(page, {
  Status: v.integer,
  Result: v.list(found),
  Range: v.optional(v.text),
  Total: v.optional(v.integer),
});

/** Search (MS-ASCMD 2.2.1.16); Query is text in the address list, terms elsewhere. */
export const search = command("Search", {
  page,
  code: 16,
  request: v.struct(page, {
    Store: v.optional(
      v.struct(page, {
        Name: v.optional(v.text),
        Query: v.optional(v.content(v.textOr(query))),
        Options: v.optional(searchOptions),
      }),
    ),
  }),
  response: v.struct(page, {
    Status: v.optional(v.integer),
    Response: v.optional(v.struct(page, { Store: store })),
  }),
});
