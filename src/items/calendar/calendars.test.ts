import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readInvitation } from "./invitation.ts";
import { timeZoneBlob } from "./time-zone-blob.ts";

const corpus = new URL("../../../../shared/corpus/ics/", import.meta.url);
const skip = existsSync(corpus) ? false : "no ../shared: the corpus of calendars is not tried";

const sample = [
  "BEGIN:VCALENDAR",
  "BEGIN:VTIMEZONE",
  "TZID:Own",
  "BEGIN:STANDARD",
  "DTSTART:16011028T030000",
  "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
  "TZOFFSETFROM:+0200",
  "TZOFFSETTO:+0100",
  "END:STANDARD",
  "END:VTIMEZONE",
  "BEGIN:VEVENT",
  "UID:a",
  "DTSTART;TZID=Own:20260101T100000",
  "DURATION:PT1H",
  "RRULE:FREQ=MONTHLY;BYDAY=2TU;COUNT=3",
  "BEGIN:VALARM",
  "TRIGGER:-PT10M",
  "END:VALARM",
  "END:VEVENT",
  "END:VCALENDAR",
].join("\r\n");

/** A zone that is half a day behind UTC. */
const west = [
  "BEGIN:VTIMEZONE",
  "TZID:W",
  "BEGIN:STANDARD",
  "DTSTART:19700101T000000",
  "TZOFFSETFROM:-1200",
  "TZOFFSETTO:-1200",
  "END:STANDARD",
  "END:VTIMEZONE",
];

/** Reads a text; whatever it says, the answer is one that can be sent. */
function check(text: string): void {
  const found = readInvitation(text);
  if (found === undefined) return;
  for (const { moment } of [found.start, found.end]) assert.ok(!Number.isNaN(moment.getTime()));
  assert.ok(found.end.moment >= found.start.moment);
  assert.equal(
    Buffer.from(timeZoneBlob(found.start.zone, found.start.wallMs), "base64").length,
    172,
  );
  const { Interval = 1, DayOfWeek = 1, WeekOfMonth = 1 } = found.recurrence ?? {};
  assert.ok(
    Interval >= 1 && DayOfWeek >= 1 && DayOfWeek <= 127 && WeekOfMonth >= 1 && WeekOfMonth <= 5,
  );
}

describe("calendars of all kinds", () => {
  it("of the corpus are read, each in no time", { skip }, async (t) => {
    for (const file of readdirSync(corpus)) {
      await t.test(file, () => check(readFileSync(new URL(file, corpus), "utf8")));
    }
    const outlook = readInvitation(
      readFileSync(new URL("biweekly--outlook-2010.ics", corpus), "utf8"),
    );
    assert.equal(outlook?.start.moment.toISOString(), "2013-06-10T16:00:00.000Z");
    assert.equal(outlook?.location, "Auditorium 16");
  });

  it("are read or not, never refused, whatever bytes are changed in them", () => {
    const mutation = fc.record({
      at: fc.nat(sample.length),
      length: fc.nat(30),
      put: fc.oneof(
        fc.string(),
        fc.constantFrom("\r\n", "BEGIN:VEVENT\r\n", ";", ":", "99999999", "\0"),
      ),
    });
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 6 }), (mutations) => {
        let text = sample;
        for (const { at, length, put } of mutations) {
          text = text.slice(0, at) + put + text.slice(at + length);
        }
        check(text);
      }),
      { numRuns: 2000 },
    );
  });

  it("tell no date that a device cannot read, whatever years they name", () => {
    const calendar = (...lines: string[]): string =>
      ["BEGIN:VCALENDAR", ...west, "BEGIN:VEVENT", ...lines, "END:VEVENT", "END:VCALENDAR"].join(
        "\r\n",
      );
    for (const start of ["00000000T000000Z", "99991231T235959"]) {
      assert.equal(readInvitation(calendar(`DTSTART;TZID=W:${start}`)), undefined, start);
    }
    const long = readInvitation(calendar("DTSTART:20260101T000000Z", "DURATION:P999999W"));
    assert.deepEqual(long?.end.moment, new Date("2026-01-01T00:00:00Z"));
    const rule = "RRULE:FREQ=DAILY;UNTIL=99991231T235959";
    const series = readInvitation(calendar("DTSTART;TZID=W:20260101T000000", rule));
    assert.deepEqual(series?.recurrence, { Type: 0, Interval: 1 });
  });

  it("cost no more time than their length, however deep or long they are", () => {
    const began = performance.now();
    check("BEGIN:VCALENDAR\r\n".repeat(100_000));
    check(`BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\n${"DTSTART:20260101\r\n".repeat(100_000)}`);
    check(`BEGIN:VCALENDAR\r\nBEGIN:VEVENT\r\nSUMMARY:${"x\r\n ".repeat(400_000)}`);
    check(sample.replace("FREQ=YEARLY", "FREQ=SECONDLY"));
    check(sample.replace("20260101T", "99991231T"));
    // Generous: only a cost that grows with the square would pass it.
    assert.ok(performance.now() - began < 10_000);
  });
});
