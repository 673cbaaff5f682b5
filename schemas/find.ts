import { airSyncPage } from "./code-pages/air-sync.ts";
import { email2Page } from "./code-pages/email2.ts";
import { emailPage } from "./code-pages/email.ts";
import { findPage } from "./code-pages/find.ts";
import { galPage } from "./code-pages/gal.ts";
import { itemOperationsPage } from "./code-pages/item-operations.ts";
import { command } from "./command.ts";
import { personalFields } from "./gal.ts";
import * as v from "./vocabulary.ts";

const page = findPage;

/** Which of the mails that are found (MS-ASCMD 2.2.3.125.1). */
export const mailboxFindOptions = v.struct(page, {
  Range: v.optional(v.text),
  DeepTraversal: v.optional(v.emptyTag),
});

/** Which of the entries that are found (MS-ASCMD 2.2.3.125.1). */
export const addressListFindOptions = v.struct(page, {
  Range: v.optional(v.text),
  Picture: v.optional(
    v.struct(page, { MaxSize: v.optional(v.integer), MaxPictures: v.optional(v.integer) }),
  ),
});

const mailBoxSearch = v.struct(page, {
  Query: v.struct(page, {
    FreeText: v.optional(v.content(v.text)),
    Class: v.from(airSyncPage, v.optional(v.text)),
    CollectionId: v.from(airSyncPage, v.optional(v.text)),
  }),
  Options: v.optional(mailboxFindOptions),
});

const galSearch = v.struct(page, {
  Query: v.content(v.text),
  Options: v.optional(addressListFindOptions),
});

/** What is shown of a message or address list entry that was found (MS-ASCMD 2.2.3.139.1). */
const foundProperties = v.struct(page, {
  Subject: v.from(emailPage, v.optional(v.content(v.text))),
  DateReceived: v.from(emailPage, v.optional(v.dateTime)),
  DisplayTo: v.from(emailPage, v.optional(v.content(v.text))),
  DisplayCc: v.optional(v.content(v.text)),
  DisplayBcc: v.optional(v.content(v.text)),
  Importance: v.from(emailPage, v.optional(v.integer)),
  Read: v.from(emailPage, v.optional(v.boolean)),
  IsDraft: v.from(email2Page, v.optional(v.boolean)),
  Preview: v.optional(v.content(v.text)),
  HasAttachments: v.optional(v.boolean),
  From: v.from(emailPage, v.optional(v.content(v.text))),
  ...personalFields,
  Picture: v.from(
    galPage,
    v.optional(
      v.struct(galPage, { Status: v.integer, Data: v.optional(v.content(v.textOrBytes)) }),
    ),
  ),
});

const found = v.struct(page, {
  Class: v.from(airSyncPage, v.optional(v.text)),
  ServerId: v.from(airSyncPage, v.optional(v.text)),
  CollectionId: v.from(airSyncPage, v.optional(v.text)),
  Properties: foundProperties,
});

const response = v.struct(page, {
  Store: v.from(itemOperationsPage, v.optional(v.text)),
  Status: v.integer,
  Result: v.list(found),
  Range: v.optional(v.text),
  Total: v.optional(v.integer),
});

/** Find (MS-ASCMD 2.2.1.2). */
export const find = command("Find", {
  page,
  code: 23,
  since: "16.1",
  request: v.struct(page, {
    SearchId: v.missing(2, v.text),
    ExecuteSearch: v.missing(
      2,
      v.struct(page, {
        MailBoxSearchCriterion: v.optional(mailBoxSearch),
        GalSearchCriterion: v.optional(galSearch),
      }),
    ),
  }),
  response: v.struct(page, { Status: v.integer, Response: v.optional(response) }),
});
