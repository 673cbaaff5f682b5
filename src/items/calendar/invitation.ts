/** What a calendar that comes by mail says of its meeting (RFC 5546), in neutral words. */
import {
  componentsIn,
  parseCalendars,
  propertyIn,
  textIn,
  type Component,
  type Property,
} from "./component.ts";
import { maxLocationLength, maxUidLength } from "./limits.ts";
import { namedZone } from "./named-zone.ts";
import { recurrenceOf, type Recurrence } from "./recurrence.ts";
import { zoneOf } from "./vtimezone.ts";
import { isTellable, wallClockOf } from "./wall-clock.ts";
import { momentOf, utc, type Zone } from "./zone.ts";

/** A point of the meeting's time. */
export interface Point {
  readonly moment: Date;
  /** What the clock on the wall shows there. */
  readonly wallMs: number;
  readonly isDate: boolean;
  readonly zone: Zone;
}

/** Somebody at a meeting. */
export interface Participant {
  readonly name: string;
  readonly address: string;
  /** "TRUE" where an answer is asked for. */
  readonly rsvp: boolean;
}

/** A meeting as its organizer tells of it. */
export interface Invitation {
  readonly uid: string;
  readonly sequence: number;
  readonly stamp: Date | undefined;
  readonly start: Point;
  readonly end: Point;
  readonly isAllDay: boolean;
  /** The instance of a series that this is about, by its original start. */
  readonly instance: Point | undefined;
  readonly recurrence: Recurrence | undefined;
  readonly location: string;
  readonly organizer: Participant | undefined;
  readonly attendees: readonly Participant[];
  /** Seconds before the start; undefined without an alarm. */
  readonly reminderSeconds: number | undefined;
  /** 0 normal, 1 personal, 2 private, 3 confidential. */
  readonly sensitivity: number;
  /** 0 free, 1 tentative, 2 busy, 3 out of office, 4 working elsewhere. */
  readonly busyStatus: number;
  readonly allowsCounter: boolean;
  /** Where a counter-proposal tells it, the time that it wants to replace. */
  readonly original: { readonly start: Point; readonly end: Point } | undefined;
}

/** Reads the meeting of a calendar; undefined when there is none, or none with a beginning. Never throws. */
export function readInvitation(text: string): Invitation | undefined {
  for (const calendar of parseCalendars(text)) {
    const events = componentsIn(calendar, "vevent");
    // The series itself says more than one of its instances.
    const event =
      events.find((each) => propertyIn(each, "recurrence-id") === undefined) ?? events[0];
    const found = event && invitationOf(calendar, event);
    if (found !== undefined) return found;
  }
  return undefined;
}

type PointOf = (property: Property | undefined) => Point | undefined;

function invitationOf(calendar: Component, event: Component): Invitation | undefined {
  const pointOf = points(zonesOf(calendar));
  const start = pointOf(propertyIn(event, "dtstart"));
  if (start === undefined) return undefined;
  const end = endOf(event, start, pointOf);
  const recurrence = recurrenceOf(propertyIn(event, "rrule")?.values[0], start);
  return {
    uid: textIn(event, "uid").slice(0, maxUidLength),
    sequence: Number(textIn(event, "sequence")) || 0,
    stamp: pointOf(propertyIn(event, "dtstamp"))?.moment,
    start,
    end,
    isAllDay: start.isDate || isTrue(textIn(event, "x-microsoft-cdo-alldayevent")),
    instance: pointOf(propertyIn(event, "recurrence-id")),
    recurrence,
    location: textIn(event, "location").slice(0, maxLocationLength),
    organizer: participants(event, "organizer")[0],
    attendees: participants(event, "attendee"),
    reminderSeconds: reminderOf(event, start, pointOf),
    sensitivity: sensitivities[textIn(event, "class").toUpperCase()] ?? 0,
    busyStatus: busyStatusOf(event),
    allowsCounter: !isTrue(textIn(event, "x-microsoft-disallow-counter")),
    original: originalOf(event, pointOf),
  };
}

function isTrue(text: string): boolean {
  return text.toUpperCase() === "TRUE";
}

function zonesOf(calendar: Component): ReadonlyMap<string, Zone> {
  const zones = componentsIn(calendar, "vtimezone").flatMap((component) => zoneOf(component) ?? []);
  return new Map(zones.map((zone) => [zone.id, zone]));
}

/** A time without a zone, or in one that nobody knows, is read as UTC. */
function points(zones: ReadonlyMap<string, Zone>): PointOf {
  return (property) => {
    const clock = wallClockOf(property?.values[0]);
    if (clock === undefined) return undefined;
    const { wallMs, isDate, isUtc } = clock;
    const name = property?.parameters["tzid"] ?? "";
    const zone = isUtc || isDate || name === "" ? utc : zoneCalled(name, zones);
    const moment = new Date(momentOf(wallMs, zone));
    return isTellable(moment) ? { moment, wallMs, isDate, zone } : undefined;
  };
}

/** Some programs spell a name in two ways: where a calendar has one zone alone, an unknown name is that one's. */
function zoneCalled(name: string, zones: ReadonlyMap<string, Zone>): Zone {
  const known = zones.get(name) ?? namedZone(name);
  if (known !== undefined) return known;
  const [only = utc] = zones.values();
  return zones.size === 1 ? only : utc;
}

/** DTEND, or DURATION; else the day, or nothing at all (RFC 5545 3.6.1). */
function endOf(event: Component, start: Point, pointOf: PointOf): Point {
  const told = pointOf(propertyIn(event, "dtend"));
  if (told !== undefined) return told.moment >= start.moment ? told : start;
  const seconds = durationSeconds(textIn(event, "duration")) ?? (start.isDate ? 86_400 : 0);
  const end = later(start, Math.max(0, seconds));
  return isTellable(end.moment) ? end : start;
}

function later(point: Point, seconds: number): Point {
  const moment = new Date(point.moment.getTime() + seconds * 1000);
  return { ...point, moment, wallMs: point.wallMs + seconds * 1000 };
}

/** "-P1DT2H30M" (RFC 5545 3.3.6). */
function durationSeconds(text: string): number | undefined {
  const form =
    /^([+-]?)P(?:(\d{1,6})W)?(?:(\d{1,6})D)?(?:T(?:(\d{1,6})H)?(?:(\d{1,6})M)?(?:(\d{1,6})S)?)?$/;
  const match = form.exec(text);
  if (match === null) return undefined;
  const [weeks, days, hours, minutes, seconds] = match.slice(2).map((part) => Number(part ?? 0));
  const total =
    (((weeks ?? 0) * 7 + (days ?? 0)) * 24 + (hours ?? 0)) * 3600 +
    (minutes ?? 0) * 60 +
    (seconds ?? 0);
  return match[1] === "-" ? -total : total;
}

function participants(event: Component, name: string): Participant[] {
  return event.properties
    .filter((each) => each.name === name)
    .map(({ values, parameters }) => ({
      name: parameters["cn"] ?? "",
      address: addressIn(values[0]),
      rsvp: isTrue(parameters["rsvp"] ?? ""),
    }));
}

function addressIn(value: unknown): string {
  return typeof value === "string" ? value.replace(/^mailto:/i, "").trim() : "";
}

/** The first alarm that is bound to the start or names a moment. */
function reminderOf(event: Component, start: Point, pointOf: PointOf): number | undefined {
  for (const alarm of componentsIn(event, "valarm")) {
    const trigger = propertyIn(alarm, "trigger");
    if (trigger === undefined || trigger.parameters["related"]?.toUpperCase() === "END") continue;
    const relative = durationSeconds(textIn(alarm, "trigger"));
    const moment = relative === undefined ? pointOf(trigger)?.moment : undefined;
    const seconds =
      moment === undefined ? relative : (moment.getTime() - start.moment.getTime()) / 1000;
    if (seconds !== undefined) return Math.max(0, Math.round(-seconds));
  }
  return undefined;
}

const sensitivities: Readonly<Record<string, number>> = {
  PUBLIC: 0,
  "X-PERSONAL": 1,
  PERSONAL: 1,
  PRIVATE: 2,
  CONFIDENTIAL: 3,
};

const busyStatuses: Readonly<Record<string, number>> = {
  FREE: 0,
  TENTATIVE: 1,
  BUSY: 2,
  OOF: 3,
  WORKINGELSEWHERE: 4,
};

/** What it will be once accepted; CDO-BUSYSTATUS says what it is before that. */
function busyStatusOf(event: Component): number {
  const intended = busyStatuses[textIn(event, "x-microsoft-cdo-intendedstatus").toUpperCase()];
  if (intended !== undefined) return intended;
  return textIn(event, "transp").toUpperCase() === "TRANSPARENT" ? 0 : 2;
}

function originalOf(event: Component, pointOf: PointOf): Invitation["original"] {
  const start = pointOf(propertyIn(event, "x-ms-olk-originalstart"));
  const end = pointOf(propertyIn(event, "x-ms-olk-originalend"));
  return start === undefined || end === undefined ? undefined : { start, end };
}
