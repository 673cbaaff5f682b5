import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { parseCalendars, componentsIn } from "./component.ts";
import { readInvitation } from "./invitation.ts";
import { namedZone } from "./named-zone.ts";
import { timeZoneBlob } from "./time-zone-blob.ts";
import { zoneOf } from "./vtimezone.ts";
import { wallClock } from "./wall-clock.ts";
import { windowsNames } from "./windows-zones.ts";
import { momentOf, type Zone } from "./zone.ts";

function vtimezone(lines: string): Zone {
  const [calendar] = parseCalendars(`BEGIN:VCALENDAR\nBEGIN:VTIMEZONE\nTZID:Own\n${lines}`);
  const zone = calendar && zoneOf(componentsIn(calendar, "vtimezone")[0]!);
  assert.ok(zone);
  return zone;
}

const newYork = `BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
DTSTART:19870405T020000
RRULE:FREQ=YEARLY;BYMONTH=4;BYDAY=1SU;UNTIL=20060402T070000Z
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
DTSTART:19671029T020000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU;UNTIL=20061029T060000Z
END:STANDARD
BEGIN:DAYLIGHT
TZOFFSETFROM:-0500
TZOFFSETTO:-0400
DTSTART:20070311T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=2SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:-0400
TZOFFSETTO:-0500
DTSTART:20071104T020000
RRULE:FREQ=YEARLY;BYMONTH=11;BYDAY=1SU
END:STANDARD
`;

describe("the time zones of calendars", () => {
  it("tell the same as the platform, over the changes of rules and of each year", () => {
    const own = vtimezone(newYork);
    const named = namedZone("America/New_York")!;
    for (const year of [1990, 2005, 2007, 2026, 2049]) {
      for (let month = 1; month <= 12; month++) {
        for (const day of [1, 3, 8, 15, 28]) {
          const wallMs = wallClock([year, month, day], [12, 0, 0]);
          assert.equal(own.offsetAt(wallMs), named.offsetAt(wallMs), `${year}-${month}-${day}`);
        }
      }
      const wallMs = wallClock([year, 7, 1]);
      assert.deepEqual(own.ruleAt(wallMs), named.ruleAt(wallMs));
    }
  });

  it("with one offset have a blob without changes", () => {
    const zone = vtimezone(
      "BEGIN:STANDARD\nTZOFFSETFROM:+0530\nTZOFFSETTO:+0530\nDTSTART:19700101T000000\n",
    );
    const blob = Buffer.from(timeZoneBlob(zone, wallClock([2026, 1, 1])), "base64");
    assert.equal(blob.readInt32LE(0), -330);
    assert.equal(blob.toString("utf16le", 4, 10), "Own");
    assert.ok(blob.subarray(68, 88).every((byte) => byte === 0));
    assert.equal(
      timeZoneBlob(namedZone("Asia/Kolkata")!, 0).slice(0, 4),
      blob.toString("base64").slice(0, 4),
    );
  });

  it("read the rules of old programs, which name a day of the month", () => {
    const zone = vtimezone(
      "BEGIN:STANDARD\nTZOFFSETFROM:-0700\nTZOFFSETTO:-0800\nDTSTART:20071104T020000\nRRULE:FREQ=YEARLY;BYMONTH=11;BYMONTHDAY=1,2,3,4,5,6,7;BYDAY=SU\nEND:STANDARD\n" +
        "BEGIN:DAYLIGHT\nTZOFFSETFROM:-0800\nTZOFFSETTO:-0700\nDTSTART:20070311T020000\nRRULE:FREQ=YEARLY;BYMONTH=3;BYMONTHDAY=8,9,10,11,12,13,14;BYDAY=SU\nEND:DAYLIGHT\n",
    );
    assert.deepEqual(zone.ruleAt(wallClock([2026, 6, 1])).daylight?.begins, {
      month: 3,
      weekday: 0,
      week: 2,
      hour: 2,
      minute: 0,
    });
  });

  it("know names with a path in front, and none that nobody knows", () => {
    assert.equal(namedZone("/freeassociation.sourceforge.net/Europe/Berlin")?.id, "Europe/Berlin");
    assert.equal(namedZone("Not a Zone"), undefined);
    assert.equal(namedZone("Not a Standard Time"), undefined);
    assert.equal(namedZone(""), undefined);
  });

  it("know the names of Windows", () => {
    assert.equal(namedZone("W. Europe Standard Time")?.id, "Europe/Berlin");
    const summer = wallClock([2026, 7, 1]);
    const offsets = ["Eastern Standard Time", "India Standard Time", "E. Australia Standard Time"];
    assert.deepEqual(
      offsets.map((name) => namedZone(name)?.offsetAt(summer)),
      [-240, 330, 600],
    );
    for (const name of windowsNames) assert.ok(namedZone(name) !== undefined, name);
  });

  it("are the only one of a calendar where a time names it in another way", () => {
    const zone = (id: string): string =>
      `BEGIN:VTIMEZONE\nTZID:${id}\nBEGIN:STANDARD\nTZOFFSETTO:+0530\nDTSTART:19700101T000000\nEND:STANDARD\nEND:VTIMEZONE\n`;
    const startIn = (zones: string): string | undefined =>
      readInvitation(
        `BEGIN:VCALENDAR\n${zones}BEGIN:VEVENT\nDTSTART;TZID=my zone:20260701T100000\nEND:VEVENT`,
      )?.start.moment.toISOString();
    assert.equal(startIn(zone("My Zone")), "2026-07-01T04:30:00.000Z");
    assert.equal(startIn(zone("One") + zone("Other")), "2026-07-01T10:00:00.000Z");
  });

  it("have no part in a date, whether it says that it is one or not", () => {
    for (const start of ["DTSTART;VALUE=DATE:20260701", "DTSTART:20260701"]) {
      const found = readInvitation(`BEGIN:VCALENDAR\nBEGIN:VEVENT\n${start}\nEND:VEVENT`);
      assert.equal(found?.isAllDay, true, start);
      assert.equal(found.start.moment.toISOString(), "2026-07-01T00:00:00.000Z");
      assert.equal(found.end.moment.toISOString(), "2026-07-02T00:00:00.000Z");
    }
  });

  it("give one moment to each time of the clock, in the hour of a change too", () => {
    const berlin = namedZone("Europe/Berlin")!;
    const at = (hour: number): string =>
      new Date(momentOf(wallClock([2026, 3, 29], [hour, 30, 0]), berlin))
        .toISOString()
        .slice(11, 16);
    assert.deepEqual([at(1), at(3)], ["00:30", "01:30"]);
  });
});
