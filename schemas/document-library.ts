import { documentLibraryPage } from "./code-pages/document-library.ts";
import * as v from "./vocabulary.ts";

/** A document or folder of a document library (MS-ASDOC 2.2). */
export const documentLibrary = v.struct(documentLibraryPage, {
  LinkId: v.optional(v.content(v.text)),
  DisplayName: v.optional(v.content(v.text)),
  IsFolder: v.optional(v.integer),
  CreationDate: v.optional(v.dateTime),
  LastModifiedDate: v.optional(v.dateTime),
  IsHidden: v.optional(v.integer),
  ContentLength: v.optional(v.integer),
  ContentType: v.optional(v.text),
});
