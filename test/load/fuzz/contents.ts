/** Breaks calendars and Outlook's winmail.dat, puts them into mails and looks at what a device would be told. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { ProtocolVersion } from "../../../schemas/version.ts";
import { decode } from "../../../src/wbxml/decode.ts";
import { encode } from "../../../src/wbxml/encode.ts";
import { itemElement } from "../../fixtures/mime/element.ts";
import { mapped } from "../../fixtures/mime/mails.ts";
import { attribute, mapiList, tnefAttachment, tnefStream } from "../../fixtures/mime/tnef.ts";
import type { Chance } from "../../sync/chance.ts";
import { broken } from "./mutate.ts";

/** What is broken, by kind. */
export interface ContentSeeds {
  readonly calendars: readonly Buffer[];
  readonly tnefs: readonly Buffer[];
}

/** A case that went wrong. */
export interface Fault {
  readonly reason: string;
  /** The mail, to be tried again. */
  readonly mail: Buffer;
}

/** No mail of some KB may take longer, also on a machine with much to do. */
const longestMs = 2_000;

const versions: readonly ProtocolVersion[] = ["12.1", "14.0", "14.1", "16.0", "16.1"];

const ownCalendar = [
  "BEGIN:VCALENDAR",
  "METHOD:REQUEST",
  "BEGIN:VTIMEZONE",
  "TZID:Own",
  "BEGIN:DAYLIGHT",
  "DTSTART:19810329T020000",
  "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=3",
  "TZOFFSETFROM:+0100",
  "TZOFFSETTO:+0200",
  "END:DAYLIGHT",
  "BEGIN:STANDARD",
  "DTSTART:19961027T030000",
  "RRULE:FREQ=YEARLY;BYDAY=-1SU;BYMONTH=10",
  "TZOFFSETFROM:+0200",
  "TZOFFSETTO:+0100",
  "END:STANDARD",
  "END:VTIMEZONE",
  "BEGIN:VEVENT",
  "UID:weekly@example.test",
  "ORGANIZER;CN=Ann:mailto:ann@example.test",
  "ATTENDEE;RSVP=TRUE:mailto:user@example.test",
  "SUMMARY:Every week",
  "LOCATION:Garden",
  "DTSTAMP:20260101T000000Z",
  "DTSTART;TZID=Own:20260326T100000",
  "DTEND;TZID=Own:20260326T110000",
  "RRULE:FREQ=WEEKLY;BYDAY=TH;COUNT=10",
  "EXDATE;TZID=Own:20260402T100000",
  "BEGIN:VALARM",
  "TRIGGER:-PT15M",
  "END:VALARM",
  "END:VEVENT",
  "END:VCALENDAR",
];

/** Lines that reach what a changed byte seldom does. */
const tellingLines = [
  "RRULE:FREQ=SECONDLY;INTERVAL=1",
  "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29;BYDAY=5MO",
  "RRULE:FREQ=MONTHLY;BYDAY=MO,TU,WE;BYSETPOS=-1;UNTIL=00010101",
  "RRULE:FREQ=WEEKLY;INTERVAL=99999999999999999999;COUNT=-1",
  "RRULE:FREQ=DAILY;UNTIL=99991231T235959Z",
  "DTSTART;VALUE=DATE:20260229",
  "DTSTART:99991231T235959Z",
  "DTSTART:00000000T000000",
  "DTSTART;TZID=America/New_York:20260308T023000",
  "DTSTART;TZID=/x/y/Europe/Berlin:20261025T023000",
  "DTSTART;TZID=__proto__:20260101T000000",
  "DTEND:19000101T000000Z",
  "DURATION:-P99999999W",
  "DURATION:PT",
  "TRIGGER;RELATED=END:-P1000000D",
  "TRIGGER;VALUE=DATE-TIME:20260101T000000Z",
  "RECURRENCE-ID;TZID=Own:20260402T100000",
  "TZOFFSETTO:+9999",
  "TZOFFSETFROM:nonsense",
  "METHOD:CANCEL",
  "METHOD:COUNTER",
  "UID:040000008200E00074C5B7101A82E008ffffffff",
  `UID:${"x".repeat(3_000)}`,
  "X-MICROSOFT-CDO-ALLDAYEVENT:TRUE",
  "X-MICROSOFT-CDO-BUSYSTATUS:WORKINGELSEWHERE",
  "BEGIN:VEVENT",
  "END:VCALENDAR",
  " folded",
];

const ownTnef = tnefStream([
  [attribute.subject, "Subject\0"],
  [attribute.messageProperties, mapiList([[0x102, 0x1013, Buffer.from("<p>Rich</p>")]])],
  ...tnefAttachment("SHORT~1.TXT", "plain words", [[0x1f, 0x3707, "a longer name.txt"]]),
  ...tnefAttachment("image.png", "pixels", [[0x1f, 0x3712, "picture@example.test"]]),
]);

/** Our own, and those of the corpus where it is present. */
export function contentSeeds(): ContentSeeds {
  const corpus = new URL("../../../../shared/corpus/", import.meta.url);
  return {
    calendars: [Buffer.from(ownCalendar.join("\r\n")), ...filesIn(new URL("ics/", corpus))],
    tnefs: [ownTnef, ...filesIn(new URL("tnef/", corpus))],
  };
}

function filesIn(folder: URL): readonly Buffer[] {
  try {
    return readdirSync(folder)
      .toSorted()
      .map((name) => readFileSync(new URL(name, folder)));
  } catch {
    return [];
  }
}

/** Breaks one content and maps the mail that carries it; undefined when all was well. */
export function tryContent(seeds: ContentSeeds, chance: Chance): Fault | undefined {
  const mail = chance.happens(0.5) ? calendarMail(seeds, chance) : tnefMail(seeds, chance);
  const version = chance.one(versions);
  const preferences = [{ Type: chance.one([1, 2]), TruncationSize: chance.between(0, 2_000) }];
  const startedAt = performance.now();
  try {
    const Email = mapped(mail, { version, preferences });
    assert.ok("Email" in decode(encode({ Email }, itemElement, version), itemElement, version));
  } catch (error) {
    return { reason: error instanceof Error ? (error.stack ?? error.message) : "no Error", mail };
  }
  const tookMs = performance.now() - startedAt;
  return tookMs > longestMs ? { reason: `took ${tookMs.toFixed(0)} ms`, mail } : undefined;
}

function calendarMail({ calendars }: ContentSeeds, chance: Chance): Buffer {
  const lines = chance.one(calendars).toString("latin1").split(/\r?\n/);
  for (let count = chance.between(0, 4); count > 0; count--) {
    const at = chance.between(0, lines.length);
    const other = chance.happens(0.7)
      ? chance.one(tellingLines)
      : chance.one(chance.one(calendars).toString("latin1").split(/\r?\n/));
    lines.splice(at, chance.between(0, 1), other);
  }
  const text = Buffer.from(lines.join("\r\n"), "latin1");
  const content = chance.happens(0.5) ? broken(text, chance) : text;
  const method = chance.one(["; method=REQUEST", "; method=CANCEL", "; method=COUNTER", ""]);
  return mailOf(`text/calendar; charset=utf-8${method}`, content);
}

function tnefMail({ tnefs }: ContentSeeds, chance: Chance): Buffer {
  return mailOf("application/ms-tnef; name=winmail.dat", broken(chance.one(tnefs), chance));
}

function mailOf(type: string, content: Buffer): Buffer {
  const encoded = content.toString("base64").replaceAll(/.{76}/g, "$&\r\n");
  const head = `From: Ann <ann@example.test>\r\nSubject: x\r\nContent-Type: ${type}\r\nContent-Transfer-Encoding: base64`;
  return Buffer.from(`${head}\r\n\r\n${encoded}\r\n`);
}
