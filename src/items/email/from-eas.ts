/** What a device changes of a mail (MS-ASEMAIL 3.1.5): Read, Flag, Categories. */
import { StatusError } from "../../../schemas/status.ts";
import type { EmailData } from "./data.ts";
import { maxCategories } from "./limits.ts";
import type { FlagStatus } from "./message.ts";
import type { FlagProperties } from "./version.ts";

/** A device's change in our words; categories only when the device sent them. */
export type EmailChange = FlagProperties & { readonly categories?: readonly string[] };

/**
 * The properties that a Change names; all other elements are ignored. An empty Flag clears the flag.
 * Throws `StatusError` 6 for a flag Status beside 0, 1 and 2 (MS-ASEMAIL 2.2.2.74).
 */
export function fromEasChange(data: EmailData): EmailChange {
  return {
    ...(data.Read === undefined ? {} : { seen: data.Read }),
    ...(data.Flag === undefined ? {} : { flagStatus: flagStatus(data.Flag) }),
    ...(data.Categories === undefined ? {} : { categories: categories(data.Categories.Category) }),
  };
}

/** Only the status is kept: IMAP has no place for the dates of a follow-up. */
function flagStatus(flag: NonNullable<EmailData["Flag"]>): FlagStatus {
  const status = flag.Status ?? (Object.keys(flag).length === 0 ? 0 : 2);
  if (status === 0 || status === 1 || status === 2) return status;
  throw new StatusError(6, `the flag's Status is ${status}; 0, 1 and 2 are possible`);
}

function categories(names: readonly string[]): string[] {
  const distinct = new Set(names.map((name) => name.trim()).filter((name) => name !== ""));
  return [...distinct].slice(0, maxCategories).toSorted();
}
