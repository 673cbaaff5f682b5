/** MeetingRequest of a mail with an invitation (MS-ASEMAIL 2.2.2.48). */
import { atLeast, type ProtocolVersion } from "../../../schemas/version.ts";
import {
  globalObjectId,
  readInvitation,
  timeZoneBlob,
  type Invitation,
  type Point,
} from "../calendar/index.ts";
import { formatAddress } from "./addresses.ts";
import type { EmailData } from "./data.ts";
import { maxReminderSeconds } from "./limits.ts";

type MeetingRequest = NonNullable<EmailData["MeetingRequest"]>;

/** Who reads the mail, and how. */
export interface MeetingReader {
  readonly version: ProtocolVersion;
  readonly received: Date;
  /** REQUEST, CANCEL …, as the part or the calendar says it. */
  readonly method: string;
  /** The user's own addresses. */
  readonly ownAddresses: readonly string[];
}

/** Messages of an organizer to those who are invited; a counter-proposal goes the other way (16.1). */
const methods = new Set(["REQUEST", "CANCEL", "COUNTER"]);

/** The meeting of a calendar text; undefined when it asks the user nothing. */
export function meetingRequest(text: string, reader: MeetingReader): MeetingRequest | undefined {
  const invitation = readInvitation(text);
  if (invitation === undefined || !methods.has(reader.method)) return undefined;
  const isCounter = reader.method === "COUNTER";
  // The user is an attendee, or the organizer who is asked for another time.
  if (isOwn(invitation.organizer?.address, reader) !== isCounter) return undefined;
  return {
    ...timeElements(invitation, isCounter),
    ...identityElements(invitation),
    ...placeElements(invitation, reader.version),
    ...statusElements(invitation, reader),
    DtStamp: invitation.stamp ?? reader.received,
    MeetingMessageType: messageType(invitation, reader),
  };
}

function isOwn(address: string | undefined, { ownAddresses }: MeetingReader): boolean {
  const wanted = address?.toLowerCase();
  return ownAddresses.some((own) => own.toLowerCase() === wanted);
}

/** A counter-proposal shows the meeting as it is, and beside it the time that is proposed. */
function timeElements(invitation: Invitation, isCounter: boolean): Partial<MeetingRequest> {
  const { start, end } = (isCounter ? invitation.original : undefined) ?? invitation;
  const proposed = {
    ProposedStartTime: invitation.start.moment,
    ProposedEndTime: invitation.end.moment,
  };
  return {
    AllDayEvent: invitation.isAllDay,
    StartTime: start.moment,
    EndTime: end.moment,
    ...(isCounter ? proposed : {}),
  };
}

/** InstanceType: 0 a single meeting, 1 a series, 3 one that differs from its series (MS-ASEMAIL 2.2.2.39). */
function identityElements(
  invitation: Invitation,
): Pick<MeetingRequest, "TimeZone" | "GlobalObjId" | "UID"> & Partial<MeetingRequest> {
  const { uid, instance, recurrence, start } = invitation;
  const ids = {
    TimeZone: timeZoneBlob(start.zone, start.wallMs),
    GlobalObjId: globalObjectId(uid, instance?.wallMs),
    UID: uid,
  };
  if (instance !== undefined) {
    return { ...ids, InstanceType: 3, RecurrenceId: instanceMoment(instance, start) };
  }
  if (recurrence === undefined) return { ...ids, InstanceType: 0 };
  // Required in answers where a month or year recurs (MS-ASEMAIL 2.2.2.15, 2.2.2.43).
  const gregorian = recurrence.Type > 1 ? { CalendarType: 1, IsLeapMonth: false } : {};
  return {
    ...ids,
    InstanceType: 1,
    Recurrences: { Recurrence: [{ ...recurrence, ...gregorian }] },
  };
}

/** "SHOULD include the original start time of the instance if possible" (MS-ASEMAIL 2.2.2.61). */
function instanceMoment(instance: Point, start: Point): Date {
  return instance.isDate && !start.isDate ? start.moment : instance.moment;
}

function placeElements(
  { location, organizer }: Invitation,
  version: ProtocolVersion,
): Partial<MeetingRequest> {
  const place = atLeast(version, "16.0")
    ? { "airsyncbase:Location": { DisplayName: location } }
    : { Location: location };
  return {
    ...(location === "" ? {} : place),
    ...(organizer === undefined ? {} : { Organizer: formatAddress(organizer) }),
  };
}

function statusElements(invitation: Invitation, reader: MeetingReader): Partial<MeetingRequest> {
  const { reminderSeconds, sensitivity, busyStatus, allowsCounter } = invitation;
  // 4, working elsewhere, came with 16.0 (MS-ASEMAIL 2.2.2.14).
  const known = busyStatus <= 3 || atLeast(reader.version, "16.0");
  return {
    ...(reminderSeconds === undefined
      ? {}
      : { Reminder: Math.min(reminderSeconds, maxReminderSeconds) }),
    ResponseRequested: wantsResponse(invitation, reader),
    Sensitivity: sensitivity,
    BusyStatus: known ? busyStatus : 2,
    DisallowNewTimeProposal: !allowsCounter,
  };
}

/** What the invitation says of the user; of whoever is invited where it does not name the user (a list). */
function wantsResponse({ attendees }: Invitation, reader: MeetingReader): boolean {
  if (reader.method !== "REQUEST") return false;
  const own = attendees.filter(({ address }) => isOwn(address, reader));
  return (own.length > 0 ? own : attendees).some(({ rsvp }) => rsvp);
}

/** 1 the first request, 2 an update of all (MS-ASEMAIL 2.2.2.47); of other messages nothing is said. */
function messageType({ sequence }: Invitation, { method }: MeetingReader): number {
  if (method !== "REQUEST") return 0;
  return sequence > 0 ? 2 : 1;
}
