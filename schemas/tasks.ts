import { attachmentsField, bodyField, nativeBodyTypeField } from "./air-sync-base.ts";
import { tasksPage } from "./code-pages/tasks.ts";
import { licenseField } from "./rights-management.ts";
import * as v from "./vocabulary.ts";

const recurrence = v.struct(tasksPage, {
  Type: v.integer,
  Start: v.optional(v.dateTime),
  Until: v.optional(v.dateTime),
  Occurrences: v.optional(v.integer),
  Interval: v.optional(v.integer),
  DayOfWeek: v.optional(v.integer),
  DayOfMonth: v.optional(v.integer),
  WeekOfMonth: v.optional(v.integer),
  MonthOfYear: v.optional(v.integer),
  Regenerate: v.optional(v.boolean),
  DeadOccur: v.optional(v.boolean),
  CalendarType: v.since("14.0", v.integer),
  IsLeapMonth: v.since("14.0", v.boolean),
  FirstDayOfWeek: v.since("14.1", v.integer),
});

/** A task (MS-ASTASK 2.2). */
export const tasks = v.struct(tasksPage, {
  Subject: v.optional(v.content(v.text)),
  Attachments: attachmentsField,
  Body: bodyField,
  NativeBodyType: nativeBodyTypeField,
  Importance: v.optional(v.integer),
  UtcStartDate: v.optional(v.dateTime),
  StartDate: v.optional(v.dateTime),
  UtcDueDate: v.optional(v.dateTime),
  DueDate: v.optional(v.dateTime),
  Categories: v.optional(v.struct(tasksPage, { Category: v.list(v.content(v.text)) })),
  Recurrence: v.optional(recurrence),
  Complete: v.optional(v.boolean),
  DateCompleted: v.optional(v.dateTime),
  Sensitivity: v.optional(v.integer),
  ReminderTime: v.optional(v.dateTime),
  ReminderSet: v.optional(v.boolean),
  OrdinalDate: v.optional(v.dateTime),
  SubOrdinalDate: v.optional(v.text),
  RightsManagementLicense: licenseField,
  "tasks:Body": v.from(tasksPage, v.until("2.5", v.content(v.text))),
  BodySize: v.until("2.5", v.integer),
  BodyTruncated: v.until("2.5", v.boolean),
});
