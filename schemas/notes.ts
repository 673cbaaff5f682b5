import { bodyField } from "./air-sync-base.ts";
import { notesPage } from "./code-pages/notes.ts";
import * as v from "./vocabulary.ts";

/** A note (MS-ASNOTE 2.2). */
export const notes = v.struct(notesPage, {
  Subject: v.optional(v.content(v.text)),
  Body: bodyField,
  MessageClass: v.optional(v.text),
  LastModifiedDate: v.optional(v.compactDateTime),
  Categories: v.optional(v.struct(notesPage, { Category: v.list(v.content(v.text)) })),
});
