import { codePage, tag } from "../vocabulary.ts";

/** Code page 19: DocumentLibrary (MS-ASWBXML 2.1.2.1.20). */
export const documentLibraryPage = codePage(19, "DocumentLibrary", {
  LinkId: tag(0x05, "12.0"),
  DisplayName: tag(0x06, "12.0"),
  IsFolder: tag(0x07, "12.0"),
  CreationDate: tag(0x08, "12.0"),
  LastModifiedDate: tag(0x09, "12.0"),
  IsHidden: tag(0x0a, "12.0"),
  ContentLength: tag(0x0b, "12.0"),
  ContentType: tag(0x0c, "12.0"),
});
