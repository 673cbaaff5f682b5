import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { readInvitation } from "./invitation.ts";

function recurrence(rule: string, start = "20260114T100000Z"): unknown {
  const lines = ["BEGIN:VCALENDAR", "BEGIN:VEVENT", `DTSTART:${start}`, `RRULE:${rule}`];
  return readInvitation(lines.join("\r\n"))?.recurrence;
}

describe("a rule as a Recurrence", () => {
  const told: readonly (readonly [rule: string, recurrence: object])[] = [
    ["FREQ=DAILY", { Type: 0, Interval: 1 }],
    ["FREQ=DAILY;INTERVAL=3;COUNT=7", { Type: 0, Interval: 3, Occurrences: 7 }],
    ["FREQ=DAILY;BYDAY=MO,TU,WE,TH,FR", { Type: 1, Interval: 1, DayOfWeek: 62 }],
    // The day of DTSTART, a Wednesday; weeks begin on Monday where nothing is said.
    ["FREQ=WEEKLY", { Type: 1, Interval: 1, DayOfWeek: 8, FirstDayOfWeek: 1 }],
    ["FREQ=WEEKLY;BYDAY=SU,SA;WKST=SU", { Type: 1, Interval: 1, DayOfWeek: 65, FirstDayOfWeek: 0 }],
    ["FREQ=MONTHLY", { Type: 2, Interval: 1, DayOfMonth: 14 }],
    ["FREQ=MONTHLY;BYMONTHDAY=31", { Type: 2, Interval: 1, DayOfMonth: 31 }],
    ["FREQ=MONTHLY;BYMONTHDAY=-1", { Type: 3, Interval: 1, WeekOfMonth: 5, DayOfWeek: 127 }],
    ["FREQ=MONTHLY;BYDAY=2TU", { Type: 3, Interval: 1, WeekOfMonth: 2, DayOfWeek: 4 }],
    ["FREQ=MONTHLY;BYDAY=-1FR", { Type: 3, Interval: 1, WeekOfMonth: 5, DayOfWeek: 32 }],
    [
      "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1",
      { Type: 3, Interval: 1, WeekOfMonth: 1, DayOfWeek: 62 },
    ],
    ["FREQ=YEARLY", { Type: 5, Interval: 1, DayOfMonth: 14, MonthOfYear: 1 }],
    ["FREQ=YEARLY;BYMONTH=5;BYMONTHDAY=9", { Type: 5, Interval: 1, DayOfMonth: 9, MonthOfYear: 5 }],
    [
      "FREQ=YEARLY;BYMONTH=11;BYDAY=4TH",
      { Type: 6, Interval: 1, WeekOfMonth: 4, DayOfWeek: 16, MonthOfYear: 11 },
    ],
  ];
  for (const [rule, expected] of told) {
    it(rule, () => assert.deepEqual(recurrence(rule), expected));
  }

  const untold = [
    "FREQ=HOURLY",
    "FREQ=DAILY;INTERVAL=2;BYDAY=MO",
    "FREQ=MONTHLY;BYMONTHDAY=1,15",
    "FREQ=MONTHLY;BYMONTHDAY=-2",
    "FREQ=MONTHLY;BYDAY=1MO,3MO",
    "FREQ=YEARLY;BYWEEKNO=20",
    "FREQ=YEARLY;BYDAY=20MO",
    "FREQ=YEARLY;BYMONTH=1,7",
    "FREQ=WEEKLY;BYHOUR=9,15",
    "FREQ=NEVER",
  ];
  for (const rule of untold) {
    it(`${rule} cannot be said`, () => assert.equal(recurrence(rule), undefined));
  }

  it("ends on a day at the time of the series", () => {
    assert.deepEqual(recurrence("FREQ=DAILY;UNTIL=20260201"), {
      Type: 0,
      Interval: 1,
      Until: new Date("2026-02-01T10:00:00Z"),
    });
  });
});
