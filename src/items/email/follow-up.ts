/** The Flag of a mail with the fields of its task (MS-ASEMAIL 2.2.2.34): IMAP keeps its status, we the rest. */
import { StatusError } from "../../../schemas/status.ts";
import type { EmailData } from "./data.ts";
import type { FlagStatus } from "./message.ts";

/** A Flag as a device set it. */
export type FollowUp = NonNullable<EmailData["Flag"]>;

/** A Flag as JSON: what is read back from a store. */
export type StoredFollowUp = Readonly<Record<string, unknown>>;

/** The Status that the Sync command has for a Flag that breaks the rules. */
const invalid = 6;

const dateFields = [
  "DateCompleted",
  "CompleteTime",
  "StartDate",
  "DueDate",
  "UtcStartDate",
  "UtcDueDate",
  "ReminderTime",
  "OrdinalDate",
] as const satisfies readonly (keyof FollowUp)[];

/** The status that a Flag sets: 0 for an empty one. Throws `StatusError` 6 for one that breaks a rule. */
export function statusOf(flag: FollowUp): FlagStatus {
  const status = flag.Status ?? (Object.keys(flag).length === 0 ? 0 : 2);
  if (status !== 0 && status !== 1 && status !== 2) {
    throw new StatusError(invalid, `the flag's Status is ${status}; 0, 1 and 2 are possible`);
  }
  if (status !== 0) checkRules(flag);
  return status;
}

/** MS-ASEMAIL 2.2.2.31, 2.2.2.65, 2.2.2.72, 2.2.2.86, 2.2.2.87; 2.2.2.23. */
function checkRules(flag: FollowUp): void {
  const { StartDate, DueDate, UtcStartDate, UtcDueDate } = flag;
  const dates = [StartDate, DueDate, UtcStartDate, UtcDueDate].filter((date) => date !== undefined);
  const rules: readonly (readonly [kept: boolean, rule: string])[] = [
    [dates.length === 0 || dates.length === 4, "start and due dates come all four or not at all"],
    [isInOrder(StartDate, DueDate), "the due date is before the start date"],
    [isInOrder(UtcStartDate, UtcDueDate), "the due date in UTC is before the start date"],
    [flag.ReminderSet !== true || flag.ReminderTime !== undefined, "a reminder needs its time"],
    [
      flag.DateCompleted === undefined || flag.CompleteTime !== undefined,
      "DateCompleted needs CompleteTime",
    ],
  ];
  const broken = rules.find(([kept]) => !kept);
  if (broken !== undefined) throw new StatusError(invalid, `the flag breaks a rule: ${broken[1]}`);
}

function isInOrder(first: Date | undefined, second: Date | undefined): boolean {
  return first === undefined || second === undefined || first.getTime() <= second.getTime();
}

/** A Flag that says nothing beside its status: what a mail server keeps is all of it. */
export function isPlain(flag: FollowUp): boolean {
  const {
    Status: _,
    FlagType = defaultType,
    ReminderSet = false,
    Subject: _subject,
    ...rest
  } = flag;
  const told = Object.values(rest).filter((value) => value !== undefined);
  return told.length === 0 && !ReminderSet && usualTypes.has(FlagType.toLowerCase());
}

const defaultType = "Flag for follow up";

/** What devices write where the user named nothing (MS-ASEMAIL 2.2.2.35). */
const usualTypes = new Set(["flag for follow up", "for follow up"]);

/** A Flag from its JSON; what breaks the form is left out. */
export function followUpOf(stored: StoredFollowUp): FollowUp {
  const flag: FollowUp = {};
  for (const name of dateFields) {
    const date = new Date(textOf(stored[name]) ?? Number.NaN);
    if (!Number.isNaN(date.getTime())) flag[name] = date;
  }
  for (const name of ["Subject", "FlagType", "SubOrdinalDate"] as const) {
    const text = textOf(stored[name]);
    if (text !== undefined) flag[name] = text;
  }
  if (typeof stored["ReminderSet"] === "boolean") flag.ReminderSet = stored["ReminderSet"];
  return flag;
}

function textOf(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

/**
 * The Flag element: an empty one says that there is none (MS-ASEMAIL 2.2.2.34). Another client may have set the
 * status since: when a flag that is active again was once completed is not told.
 */
export function flagElement(
  {
    flagStatus,
    followUp,
  }: { readonly flagStatus: FlagStatus; readonly followUp?: FollowUp | undefined },
  subject: string,
): FollowUp {
  if (flagStatus === 0) return {};
  const { CompleteTime, DateCompleted, ...task } = followUp ?? {};
  const completion = flagStatus === 1 ? defined({ CompleteTime, DateCompleted }) : {};
  const named = subject === "" ? {} : { Subject: subject };
  return { ...named, FlagType: defaultType, ...task, ...completion, Status: flagStatus };
}

function defined(flag: FollowUp): FollowUp {
  return Object.fromEntries(Object.entries(flag).filter(([, value]) => value !== undefined));
}
