/** What a mail server forbids for good is the Status of the item that it was to be done to. */
import type { BackendFault } from "../../backend.ts";
import { commandStatus } from "../../../schemas/status.ts";

const status = commandStatus.Sync;

/**
 * Status 9 where the mailbox is full, else 6: not transient, the device stops sending it. Undefined: the fault may
 * pass, or is the folder's. Repeated as the folder's, a lasting one would stop the folder for ever.
 */
export function lastingStatus(fault: BackendFault): number | undefined {
  if (fault === "over quota") return status.CannotComplete;
  const isLasting = fault === "not allowed" || fault === "too large";
  return isLasting ? status.ConversionError : undefined;
}
