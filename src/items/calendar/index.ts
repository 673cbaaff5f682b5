/** iCalendar -> what the classes of EAS say of meetings; pure. */
export { globalObjectId } from "./global-object-id.ts";
export { readInvitation, type Invitation, type Point } from "./invitation.ts";
export { timeZoneBlob } from "./time-zone-blob.ts";
