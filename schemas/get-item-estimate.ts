import { airSyncPage } from "./code-pages/air-sync.ts";
import { getItemEstimatePage } from "./code-pages/get-item-estimate.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

const page = getItemEstimatePage;

/** How to estimate (MS-ASCMD 2.2.3.125.2). */
export const estimateOptions = v.struct(airSyncPage, {
  FilterType: v.optional(v.integer),
  Class: v.optional(v.text),
  MaxItems: v.since("14.0", v.integer),
});

/**
 * What to estimate (MS-ASCMD 2.2.3.31.1). From 14.0 the filter is in Options; before it is beside
 * the sync key, and the class of the GetItemEstimate page is there too.
 */
const asked = v.struct(page, {
  Class: v.until("12.1", v.text),
  SyncKey: v.from(airSyncPage, v.optional(v.text)),
  CollectionId: v.optional(v.text),
  ConversationMode: v.from(airSyncPage, v.since("14.0", v.boolean)),
  FilterType: v.from(airSyncPage, v.until("12.1", v.integer)),
  Options: v.from(airSyncPage, v.list(estimateOptions)),
});

const estimated = v.struct(page, {
  Class: v.until("12.1", v.text),
  CollectionId: v.text,
  Estimate: v.optional(v.integer),
});

/** GetItemEstimate (MS-ASCMD 2.2.1.9). */
export const getItemEstimate = command("GetItemEstimate", {
  page,
  code: 14,
  request: v.struct(page, { Collections: v.struct(page, { Collection: v.list(asked) }) }),
  response: v.struct(page, {
    Status: v.optional(v.integer),
    Response: v.list(v.struct(page, { Status: v.integer, Collection: v.optional(estimated) })),
  }),
});
