import { codePage, tag } from "../vocabulary.ts";

/** Code page 22: Email2 (MS-ASWBXML 2.1.2.1.23). */
export const email2Page = codePage(22, "Email2", {
  UmCallerID: tag(0x05, "14.0"),
  UmUserNotes: tag(0x06, "14.0"),
  UmAttDuration: tag(0x07, "14.0"),
  UmAttOrder: tag(0x08, "14.0"),
  ConversationId: tag(0x09, "14.0"),
  ConversationIndex: tag(0x0a, "14.0"),
  LastVerbExecuted: tag(0x0b, "14.0"),
  LastVerbExecutionTime: tag(0x0c, "14.0"),
  ReceivedAsBcc: tag(0x0d, "14.0"),
  Sender: tag(0x0e, "14.0"),
  CalendarType: tag(0x0f, "14.0"),
  IsLeapMonth: tag(0x10, "14.0"),
  AccountId: tag(0x11, "14.1"),
  FirstDayOfWeek: tag(0x12, "14.1"),
  MeetingMessageType: tag(0x13, "14.1"),
  IsDraft: tag(0x15, "16.0"),
  Bcc: tag(0x16, "16.0"),
  Send: tag(0x17, "16.0"),
});
