/** GlobalObjId (MS-ASEMAIL 2.2.2.37) of a calendar's UID. */
import { calendarDay } from "./wall-clock.ts";

const classId = Buffer.from("040000008200E00074C5B7101A82E008", "hex");
const marker = Buffer.from("vCal-Uid", "latin1");
const version = Buffer.from([1, 0, 0, 0]);
const at = { instance: 16, byteCount: 36, data: 40 };

/** The id in base64; `instanceWallMs` names the day of one instance of a series. */
export function globalObjectId(uid: string, instanceWallMs?: number): string {
  const id = outlookId(uid) ?? vCalId(uid);
  if (instanceWallMs !== undefined) {
    const { year, month, day } = calendarDay(instanceWallMs);
    id.writeUInt16BE(year, at.instance);
    id[at.instance + 2] = month;
    id[at.instance + 3] = day;
  }
  return id.toString("base64");
}

/** Outlook writes its own ids as UID, in hexadecimal; the day of an instance is no part of a UID. */
function outlookId(uid: string): Buffer | undefined {
  if (!/^(?:[0-9a-f]{2}){41,1000}$/i.test(uid)) return undefined;
  const id = Buffer.from(uid, "hex");
  if (!id.subarray(0, classId.length).equals(classId)) return undefined;
  if (id.readUInt32LE(at.byteCount) !== id.length - at.data) return undefined;
  return id.fill(0, at.instance, at.instance + 4);
}

function vCalId(uid: string): Buffer {
  const data = Buffer.concat([marker, version, Buffer.from(uid, "utf8"), Buffer.alloc(1)]);
  const head = Buffer.alloc(at.data);
  classId.copy(head);
  head.writeUInt32LE(data.length, at.byteCount);
  return Buffer.concat([head, data]);
}
