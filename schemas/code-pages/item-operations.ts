import { codePage, tag } from "../vocabulary.ts";

/** Code page 20: ItemOperations (MS-ASWBXML 2.1.2.1.21). */
export const itemOperationsPage = codePage(20, "ItemOperations", {
  ItemOperations: tag(0x05, "12.0"),
  Fetch: tag(0x06, "12.0"),
  Store: tag(0x07, "12.0"),
  Options: tag(0x08, "12.0"),
  Range: tag(0x09, "12.0"),
  Total: tag(0x0a, "12.0"),
  Properties: tag(0x0b, "12.0"),
  Data: tag(0x0c, "12.0"),
  Status: tag(0x0d, "12.0"),
  Response: tag(0x0e, "12.0"),
  Version: tag(0x0f, "12.0"),
  Schema: tag(0x10, "12.0"),
  Part: tag(0x11, "12.0"),
  EmptyFolderContents: tag(0x12, "12.0"),
  DeleteSubFolders: tag(0x13, "12.0"),
  UserName: tag(0x14, "12.1"),
  Password: tag(0x15, "12.1"),
  Move: tag(0x16, "14.0"),
  DstFldId: tag(0x17, "14.0"),
  ConversationId: tag(0x18, "14.0"),
  MoveAlways: tag(0x19, "14.0"),
});
