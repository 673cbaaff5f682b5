/** TimeZone (MS-ASDTYPE 2.7.4): the 172 bytes of a TIME_ZONE_INFORMATION in base64. */
import type { Change, YearRule, Zone } from "./zone.ts";

const blobBytes = 172;
const nameBytes = 64;
const at = {
  bias: 0,
  standardName: 4,
  standardDate: 68,
  daylightName: 88,
  daylightDate: 152,
  daylightBias: 168,
};

/** The blob of a zone, by its rule of the year that the wall clock shows. */
export function timeZoneBlob(zone: Zone, wallMs: number): string {
  const blob = Buffer.alloc(blobBytes);
  const { standardMinutes, daylight }: YearRule = zone.ruleAt(wallMs);
  // The minutes to add to reach UTC.
  blob.writeInt32LE(-standardMinutes, at.bias);
  writeName(blob, at.standardName, zone.id);
  writeName(blob, at.daylightName, zone.id);
  if (daylight !== undefined) {
    writeChange(blob, at.standardDate, daylight.ends);
    writeChange(blob, at.daylightDate, daylight.begins);
    blob.writeInt32LE(standardMinutes - daylight.minutes, at.daylightBias);
  }
  return blob.toString("base64");
}

/** At most 31 characters and an end. */
function writeName(blob: Buffer, offset: number, name: string): void {
  blob.write(name.slice(0, nameBytes / 2 - 1), offset, "utf16le");
}

/** A SYSTEMTIME without a year: the n-th weekday of a month. */
function writeChange(blob: Buffer, offset: number, change: Change): void {
  const fields = [0, change.month, change.weekday, change.week, change.hour, change.minute, 0, 0];
  for (const [index, field] of fields.entries()) blob.writeUInt16LE(field, offset + index * 2);
}
