/** What a device changes of a mail (MS-ASEMAIL 3.1.5): Read, Flag, Categories. */
import type { EmailData } from "./data.ts";
import { statusOf, type FollowUp } from "./follow-up.ts";
import { maxCategories } from "./limits.ts";
import type { FlagProperties } from "./version.ts";

/** A device's change in our words; categories and the flag only when the device sent them. */
export type EmailChange = FlagProperties & {
  readonly categories?: readonly string[];
  readonly followUp?: FollowUp;
};

/**
 * The properties that a Change names; all other elements are ignored. An empty Flag clears the flag.
 * Throws `StatusError` 6 for a flag that breaks a rule (MS-ASEMAIL 2.2.2.31, 2.2.2.65, 2.2.2.74).
 */
export function fromEasChange(data: EmailData): EmailChange {
  return {
    ...(data.Read === undefined ? {} : { seen: data.Read }),
    ...(data.Flag === undefined ? {} : { flagStatus: statusOf(data.Flag), followUp: data.Flag }),
    ...(data.Categories === undefined ? {} : { categories: categories(data.Categories.Category) }),
  };
}

function categories(names: readonly string[]): string[] {
  const distinct = new Set(names.map((name) => name.trim()).filter((name) => name !== ""));
  return [...distinct].slice(0, maxCategories).toSorted();
}
