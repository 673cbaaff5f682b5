import { codePage, tag } from "../vocabulary.ts";

/** Code page 23: Notes (MS-ASWBXML 2.1.2.1.24). */
export const notesPage = codePage(23, "Notes", {
  Subject: tag(0x05, "14.0"),
  MessageClass: tag(0x06, "14.0"),
  LastModifiedDate: tag(0x07, "14.0"),
  Categories: tag(0x08, "14.0"),
  Category: tag(0x09, "14.0"),
});
