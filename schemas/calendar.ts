import {
  attachmentsField,
  bodyField,
  instanceIdField,
  locationField,
  nativeBodyTypeField,
} from "./air-sync-base.ts";
import { calendarPage } from "./code-pages/calendar.ts";
import { meetingResponsePage } from "./code-pages/meeting-response.ts";
import { licenseField } from "./rights-management.ts";
import * as v from "./vocabulary.ts";

const attendees = v.struct(calendarPage, {
  Attendee: v.list(
    v.struct(calendarPage, {
      Email: v.optional(v.content(v.text)),
      Name: v.optional(v.content(v.text)),
      AttendeeStatus: v.since("12.0", v.integer),
      AttendeeType: v.since("12.0", v.integer),
      ProposedStartTime: v.from(meetingResponsePage, v.since("16.1", v.compactDateTime)),
      ProposedEndTime: v.from(meetingResponsePage, v.since("16.1", v.compactDateTime)),
    }),
  ),
});

const categories = v.struct(calendarPage, { Category: v.list(v.content(v.text)) });

const recurrence = v.struct(calendarPage, {
  Type: v.integer,
  Occurrences: v.optional(v.integer),
  Interval: v.optional(v.integer),
  WeekOfMonth: v.optional(v.integer),
  DayOfWeek: v.optional(v.integer),
  MonthOfYear: v.optional(v.integer),
  Until: v.optional(v.compactDateTime),
  DayOfMonth: v.optional(v.integer),
  CalendarType: v.since("14.0", v.integer),
  IsLeapMonth: v.since("14.0", v.boolean),
  FirstDayOfWeek: v.since("14.1", v.integer),
});

/** What an exception may have of its own, and the appointment too. */
const occurrence = {
  AllDayEvent: v.optional(v.boolean),
  BusyStatus: v.optional(v.integer),
  DtStamp: v.optional(v.compactDateTime),
  EndTime: v.optional(v.compactDateTime),
  Location: v.until("14.1", v.content(v.text)),
  "airsyncbase:Location": locationField,
  Reminder: v.optional(v.integer),
  Sensitivity: v.optional(v.integer),
  Subject: v.optional(v.content(v.text)),
  StartTime: v.optional(v.compactDateTime),
  MeetingStatus: v.optional(v.integer),
  Attendees: v.optional(attendees),
  Categories: v.optional(categories),
  AppointmentReplyTime: v.since("14.0", v.compactDateTime),
  ResponseType: v.since("14.0", v.integer),
  OnlineMeetingConfLink: v.since("14.1", v.text),
  OnlineMeetingExternalLink: v.since("14.1", v.text),
  Attachments: attachmentsField,
  Body: bodyField,
  InstanceId: instanceIdField,
};

const body25 = v.from(calendarPage, v.until("2.5", v.content(v.text)));

const exception = v.struct(calendarPage, {
  Deleted: v.optional(v.boolean),
  ExceptionStartTime: v.until("14.1", v.compactDateTime),
  ...occurrence,
  "calendar:Body": body25,
});

/** An appointment or meeting (MS-ASCAL 2.2). */
export const calendar = v.struct(calendarPage, {
  Timezone: v.optional(v.text),
  ...occurrence,
  OrganizerName: v.optional(v.content(v.text)),
  OrganizerEmail: v.optional(v.content(v.text)),
  UID: v.optional(v.text),
  ClientUid: v.since("16.0", v.text),
  Recurrence: v.optional(recurrence),
  Exceptions: v.optional(v.struct(calendarPage, { Exception: v.list(exception) })),
  ResponseRequested: v.since("14.0", v.boolean),
  DisallowNewTimeProposal: v.since("14.0", v.boolean),
  NativeBodyType: nativeBodyTypeField,
  RightsManagementLicense: licenseField,
  "calendar:Body": body25,
  BodyTruncated: v.until("2.5", v.boolean),
});
