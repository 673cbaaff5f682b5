import {
  attachmentsField,
  bodyField,
  bodyPart,
  locationField,
  nativeBodyTypeField,
} from "./air-sync-base.ts";
import { airSyncBasePage } from "./code-pages/air-sync-base.ts";
import { calendarPage } from "./code-pages/calendar.ts";
import { composeMailPage } from "./code-pages/compose-mail.ts";
import { email2Page } from "./code-pages/email2.ts";
import { emailPage } from "./code-pages/email.ts";
import { meetingResponsePage } from "./code-pages/meeting-response.ts";
import { tasksPage } from "./code-pages/tasks.ts";
import { forwardees } from "./compose-mail.ts";
import { licenseField } from "./rights-management.ts";
import * as v from "./vocabulary.ts";

const recurrence = v.struct(emailPage, {
  Type: v.integer,
  Interval: v.optional(v.integer),
  Until: v.optional(v.compactDateTime),
  Occurrences: v.optional(v.integer),
  WeekOfMonth: v.optional(v.integer),
  DayOfMonth: v.optional(v.integer),
  DayOfWeek: v.optional(v.integer),
  MonthOfYear: v.optional(v.integer),
  CalendarType: v.from(email2Page, v.since("14.0", v.integer)),
  IsLeapMonth: v.from(email2Page, v.since("14.0", v.boolean)),
  FirstDayOfWeek: v.from(email2Page, v.since("14.1", v.integer)),
});

/** The meeting that a message asks for (MS-ASEMAIL 2.2.2.48). */
const meetingRequest = v.struct(emailPage, {
  AllDayEvent: v.optional(v.boolean),
  StartTime: v.optional(v.dateTime),
  DtStamp: v.dateTime,
  EndTime: v.optional(v.dateTime),
  InstanceType: v.optional(v.integer),
  Location: v.until("14.1", v.content(v.text)),
  "airsyncbase:Location": locationField,
  Organizer: v.optional(v.content(v.text)),
  RecurrenceId: v.optional(v.dateTime),
  Reminder: v.optional(v.integer),
  ResponseRequested: v.optional(v.boolean),
  Recurrences: v.optional(v.struct(emailPage, { Recurrence: v.list(recurrence) })),
  Sensitivity: v.optional(v.integer),
  BusyStatus: v.optional(v.integer),
  TimeZone: v.text,
  GlobalObjId: v.until("14.1", v.text),
  DisallowNewTimeProposal: v.since("14.0", v.boolean),
  MeetingMessageType: v.from(email2Page, v.since("14.1", v.integer)),
  UID: v.from(calendarPage, v.since("16.0", v.text)),
  ProposedStartTime: v.from(meetingResponsePage, v.since("16.1", v.compactDateTime)),
  ProposedEndTime: v.from(meetingResponsePage, v.since("16.1", v.compactDateTime)),
  Forwardees: v.from(composeMailPage, v.since("16.0", forwardees)),
});

/** The flag of a message; an empty one clears it (MS-ASEMAIL 2.2.2.34). */
const flag = v.struct(emailPage, {
  Subject: v.from(tasksPage, v.optional(v.content(v.text))),
  Status: v.optional(v.integer),
  FlagType: v.optional(v.text),
  DateCompleted: v.from(tasksPage, v.optional(v.dateTime)),
  CompleteTime: v.optional(v.dateTime),
  StartDate: v.from(tasksPage, v.optional(v.dateTime)),
  DueDate: v.from(tasksPage, v.optional(v.dateTime)),
  UtcStartDate: v.from(tasksPage, v.optional(v.dateTime)),
  UtcDueDate: v.from(tasksPage, v.optional(v.dateTime)),
  ReminderSet: v.from(tasksPage, v.optional(v.boolean)),
  ReminderTime: v.from(tasksPage, v.optional(v.dateTime)),
  OrdinalDate: v.from(tasksPage, v.optional(v.dateTime)),
  SubOrdinalDate: v.from(tasksPage, v.optional(v.text)),
});

const attachments25 = v.struct(emailPage, {
  Attachment: v.list(
    v.struct(emailPage, {
      AttName: v.text,
      AttSize: v.integer,
      AttMethod: v.integer,
      Att0id: v.optional(v.text),
      DisplayName: v.optional(v.content(v.text)),
    }),
  ),
});

/** A message of class Email or SMS (MS-ASEMAIL 2.2). */
export const email = v.struct(emailPage, {
  To: v.optional(v.content(v.text)),
  Cc: v.optional(v.content(v.text)),
  From: v.optional(v.content(v.text)),
  Subject: v.optional(v.content(v.text)),
  ReplyTo: v.optional(v.content(v.text)),
  DateReceived: v.optional(v.dateTime),
  DisplayTo: v.optional(v.content(v.text)),
  ThreadTopic: v.optional(v.content(v.text)),
  Importance: v.optional(v.integer),
  Read: v.optional(v.boolean),
  Attachments: attachmentsField,
  Body: bodyField,
  BodyPart: v.from(airSyncBasePage, v.since("14.1", bodyPart)),
  MessageClass: v.optional(v.text),
  MeetingRequest: v.optional(meetingRequest),
  InternetCPID: v.optional(v.text),
  Flag: v.since("12.0", flag),
  ContentClass: v.since("12.0", v.text),
  NativeBodyType: nativeBodyTypeField,
  Categories: v.since("14.0", v.struct(emailPage, { Category: v.list(v.content(v.text)) })),
  UmCallerID: v.from(email2Page, v.since("14.0", v.content(v.text))),
  UmUserNotes: v.from(email2Page, v.since("14.0", v.content(v.text))),
  ConversationId: v.from(email2Page, v.since("14.0", v.opaque)),
  ConversationIndex: v.from(email2Page, v.since("14.0", v.opaque)),
  LastVerbExecuted: v.from(email2Page, v.since("14.0", v.integer)),
  LastVerbExecutionTime: v.from(email2Page, v.since("14.0", v.dateTime)),
  ReceivedAsBcc: v.from(email2Page, v.since("14.0", v.boolean)),
  Sender: v.from(email2Page, v.since("14.0", v.content(v.text))),
  AccountId: v.from(email2Page, v.since("14.1", v.text)),
  Bcc: v.from(email2Page, v.since("16.0", v.content(v.text))),
  IsDraft: v.from(email2Page, v.since("16.0", v.boolean)),
  Send: v.from(email2Page, v.since("16.0", v.emptyTag)),
  RightsManagementLicense: licenseField,
  "email:Attachments": v.from(emailPage, v.until("2.5", attachments25)),
  "email:Body": v.from(emailPage, v.until("2.5", v.content(v.text))),
  BodySize: v.until("2.5", v.integer),
  BodyTruncated: v.until("2.5", v.boolean),
  MIMEData: v.until("2.5", v.content(v.textOrBytes)),
  MIMESize: v.until("2.5", v.integer),
  MIMETruncated: v.until("2.5", v.boolean),
});
