/** What of a mail a device may not write. */
import type { EmailData } from "../../items/email/data.ts";

/** Elements that only the server sets: Status 6 (MS-ASEMAIL 2.2.2.21, 2.2.2.59, 2.2.2.70, 2.2.2.83, 2.2.2.84). */
export function isReadOnly(data: EmailData): boolean {
  const { ConversationId, Sender, ReceivedAsBcc, UmCallerID, UmUserNotes } = data;
  return [ConversationId, Sender, ReceivedAsBcc, UmCallerID, UmUserNotes].some(
    (value) => value !== undefined,
  );
}
