import { codePage, tag } from "../vocabulary.ts";

/** Code page 21: ComposeMail (MS-ASWBXML 2.1.2.1.22). */
export const composeMailPage = codePage(21, "ComposeMail", {
  SendMail: tag(0x05, "14.0"),
  SmartForward: tag(0x06, "14.0"),
  SmartReply: tag(0x07, "14.0"),
  SaveInSentItems: tag(0x08, "14.0"),
  ReplaceMime: tag(0x09, "14.0"),
  Source: tag(0x0b, "14.0"),
  FolderId: tag(0x0c, "14.0"),
  ItemId: tag(0x0d, "14.0"),
  LongId: tag(0x0e, "14.0"),
  InstanceId: tag(0x0f, "14.0"),
  Mime: tag(0x10, "14.0"),
  ClientId: tag(0x11, "14.0"),
  Status: tag(0x12, "14.0"),
  AccountId: tag(0x13, "14.1"),
  Forwardees: tag(0x15, "16.0"),
  Forwardee: tag(0x16, "16.0"),
  ForwardeeName: tag(0x17, "16.0"),
  ForwardeeEmail: tag(0x18, "16.0"),
});
