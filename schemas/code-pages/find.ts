import { codePage, tag } from "../vocabulary.ts";

/** Code page 25: Find (MS-ASWBXML 2.1.2.1.26). */
export const findPage = codePage(25, "Find", {
  Find: tag(0x05, "16.1"),
  SearchId: tag(0x06, "16.1"),
  ExecuteSearch: tag(0x07, "16.1"),
  MailBoxSearchCriterion: tag(0x08, "16.1"),
  Query: tag(0x09, "16.1"),
  Status: tag(0x0a, "16.1"),
  FreeText: tag(0x0b, "16.1"),
  Options: tag(0x0c, "16.1"),
  Range: tag(0x0d, "16.1"),
  DeepTraversal: tag(0x0e, "16.1"),
  Response: tag(0x11, "16.1"),
  Result: tag(0x12, "16.1"),
  Properties: tag(0x13, "16.1"),
  Preview: tag(0x14, "16.1"),
  HasAttachments: tag(0x15, "16.1"),
  Total: tag(0x16, "16.1"),
  DisplayCc: tag(0x17, "16.1"),
  DisplayBcc: tag(0x18, "16.1"),
  GalSearchCriterion: tag(0x19, "16.1"),
  MaxPictures: tag(0x20, "16.1"),
  MaxSize: tag(0x21, "16.1"),
  Picture: tag(0x22, "16.1"),
});
