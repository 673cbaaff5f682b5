import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fixture, mapped } from "../../../test/fixtures/mime/mails.ts";
import type { EmailData } from "./data.ts";

type Version = "12.1" | "14.1" | "16.1";

function meeting(
  event: readonly string[],
  method = "REQUEST",
  version: Version = "14.1",
): EmailData {
  const lines = [
    `Content-Type: text/calendar; method=${method}`,
    "",
    "BEGIN:VCALENDAR",
    "BEGIN:VEVENT",
    "UID:one@example.test",
    "ORGANIZER;CN=Olga:mailto:olga@example.test",
    ...event,
    "END:VEVENT",
    "END:VCALENDAR",
  ];
  return mapped(Buffer.from(lines.join("\r\n")), { version });
}

function requestOf(...of: Parameters<typeof meeting>): NonNullable<EmailData["MeetingRequest"]> {
  const { MeetingRequest } = meeting(...of);
  assert.ok(MeetingRequest !== undefined);
  return MeetingRequest;
}

const noon = ["DTSTART:20260301T120000Z", "DTEND:20260301T130000Z"];

describe("the meeting of a mail", () => {
  it("has all that the calendar says", () => {
    const data = mapped(fixture("meeting-weekly"));
    assert.equal(data.MessageClass, "IPM.Schedule.Meeting.Request");
    assert.equal(data.ContentClass, "urn:content-classes:calendarmessage");
    const { TimeZone, GlobalObjId, UID, ...rest } = data.MeetingRequest!;
    assert.deepEqual(rest, {
      AllDayEvent: false,
      StartTime: new Date("2026-01-05T09:00:00Z"),
      EndTime: new Date("2026-01-05T10:30:00Z"),
      InstanceType: 1,
      Recurrences: {
        Recurrence: [
          {
            Type: 1,
            Interval: 2,
            DayOfWeek: 2 + 8,
            FirstDayOfWeek: 0,
            Until: new Date("2026-07-01T08:00:00Z"),
          },
        ],
      },
      Location: "Room 1; second floor",
      Organizer: '"Olga Organizer" <olga@example.test>',
      Reminder: 900,
      ResponseRequested: true,
      Sensitivity: 2,
      BusyStatus: 3,
      DisallowNewTimeProposal: true,
      DtStamp: new Date("2026-01-05T08:00:00Z"),
      MeetingMessageType: 1,
    });
    assert.equal(UID, "weekly-planning@example.test");
    const id = Buffer.from(GlobalObjId ?? "", "base64").toString("latin1");
    assert.ok(id.includes("vCal-Uid\u0001\0\0\0weekly-planning@example.test\0"));
    const blob = Buffer.from(TimeZone, "base64");
    assert.equal(blob.length, 172);
    // UTC+1, summer time from the last Sunday of March to the last one of October.
    assert.deepEqual(
      [blob.readInt32LE(0), blob.readInt32LE(84), blob.readInt32LE(168)],
      [-60, 0, -60],
    );
    const change = (at: number): number[] =>
      [0, 1, 2, 3, 4].map((each) => blob.readUInt16LE(at + each * 2));
    assert.deepEqual(change(68), [0, 10, 0, 5, 3]);
    assert.deepEqual(change(152), [0, 3, 0, 5, 2]);
  });

  it("has its place and its id in another form from 16.0 on", () => {
    const event = [...noon, "LOCATION:Hall", "X-MICROSOFT-CDO-INTENDEDSTATUS:WORKINGELSEWHERE"];
    const newer = requestOf(event, "REQUEST", "16.1");
    assert.deepEqual(newer["airsyncbase:Location"], { DisplayName: "Hall" });
    assert.equal(newer.Location, undefined);
    assert.equal(newer.BusyStatus, 4);
    const older = requestOf(event);
    assert.equal(older.Location, "Hall");
    assert.equal(older.BusyStatus, 2);
  });

  it("is a day from midnight to midnight in any zone where it is a whole day", () => {
    const day = requestOf(["DTSTART;VALUE=DATE:20260301", "DTEND;VALUE=DATE:20260303"]);
    assert.equal(day.AllDayEvent, true);
    assert.equal(day.StartTime?.toISOString(), "2026-03-01T00:00:00.000Z");
    assert.equal(day.EndTime?.toISOString(), "2026-03-03T00:00:00.000Z");
    assert.equal(Buffer.from(day.TimeZone, "base64").readInt32LE(0), 0);
    assert.equal(
      requestOf(["DTSTART;VALUE=DATE:20260301"]).EndTime?.toISOString().slice(0, 10),
      "2026-03-02",
    );
  });

  it("names the instance of a series that it changes", () => {
    const data = requestOf([...noon, "RECURRENCE-ID:20260228T120000Z", "SEQUENCE:2"]);
    assert.equal(data.InstanceType, 3);
    assert.equal(data.RecurrenceId?.toISOString(), "2026-02-28T12:00:00.000Z");
    assert.equal(data.MeetingMessageType, 2);
    // Year, month and day of the instance (MS-ASEMAIL 2.2.2.37).
    const id = Buffer.from(data.GlobalObjId ?? "", "base64");
    assert.equal(id.subarray(16, 20).toString("hex"), "07ea021c");
  });

  it("keeps Outlook's own ids", () => {
    const uid =
      "040000008200E00074C5B7101A82E00800000000E040C9C12685C4010000000000000000100000000BF0ED4B6E4EE94E9E39E3867B378EF3";
    // MS-ASEMAIL 4.3, example 1, without the day of its instance.
    const example = Buffer.from(
      "BAAAAIIA4AB0xbcQGoLgCAfUCRDgQMnBJoXEAQAAAAAAAAAAEAAAAAvw7UtuTulOnjnjhns3jvM=",
      "base64",
    );
    const own = mapped(
      Buffer.from(
        `Content-Type: text/calendar; method=REQUEST\r\n\r\nBEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nUID:${uid}\r\n${noon.join("\r\n")}`,
      ),
    ).MeetingRequest?.GlobalObjId;
    assert.equal(own, example.fill(0, 16, 20).toString("base64"));
  });

  it("is cancelled under a class of its own, and asks for no answer", () => {
    const data = meeting([...noon, "ATTENDEE;RSVP=TRUE:mailto:user@example.test"], "CANCEL");
    assert.equal(data.MessageClass, "IPM.Schedule.Meeting.Canceled");
    assert.equal(data.MeetingRequest?.ResponseRequested, false);
    assert.equal(data.MeetingRequest?.MeetingMessageType, 0);
  });

  it("is no request to its organizer, but another time is proposed to him", () => {
    const own = ["ORGANIZER:mailto:USER@example.test", ...noon];
    const sent = (method: string): EmailData =>
      mapped(
        Buffer.from(
          [
            `Content-Type: text/calendar; method=${method}`,
            "",
            "BEGIN:VCALENDAR",
            "BEGIN:VEVENT",
            "UID:a",
            ...own,
            "X-MS-OLK-ORIGINALSTART:20260301T080000Z",
            "X-MS-OLK-ORIGINALEND:20260301T090000Z",
          ].join("\r\n"),
        ),
        { version: "16.1" },
      );
    assert.equal(sent("REQUEST").MeetingRequest, undefined);
    const counter = sent("COUNTER");
    assert.equal(counter.MessageClass, "IPM.Schedule.Meeting.Resp.Tent");
    assert.equal(counter.MeetingRequest?.StartTime?.toISOString(), "2026-03-01T08:00:00.000Z");
    assert.equal(
      counter.MeetingRequest?.ProposedStartTime?.toISOString(),
      "2026-03-01T12:00:00.000Z",
    );
    assert.equal(meeting(noon, "COUNTER").MeetingRequest, undefined);
  });

  it("is told by a calendar whose part names no method", () => {
    const data = mapped(
      Buffer.from(
        [
          "Content-Type: text/calendar",
          "",
          "BEGIN:VCALENDAR",
          "METHOD:REQUEST",
          "BEGIN:VEVENT",
          "UID:a",
          ...noon,
        ].join("\r\n"),
      ),
    );
    assert.equal(data.MessageClass, "IPM.Schedule.Meeting.Request");
    assert.equal(data.MeetingRequest?.InstanceType, 0);
  });

  it("is left out where the calendar cannot be read; the mail stays", () => {
    for (const event of [[], ["DTSTART:whenever"], ["DTSTART;TZID=Nowhere/At_All:2026"]]) {
      const data = meeting(event);
      assert.equal(data.MeetingRequest, undefined);
      assert.equal(data.MessageClass, "IPM.Schedule.Meeting.Request");
    }
  });
});
