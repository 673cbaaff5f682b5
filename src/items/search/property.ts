/** Properties of a mail that a keyword query may name, and the conditions that they stand for. */
import {
  allOf,
  anyOf,
  everything,
  not,
  nothing,
  type Condition,
  type TextField,
} from "./condition.ts";
import { dayRange, type DayRange } from "./days.ts";
import type { PropertyToken } from "./tokens.ts";

type Meaning = (token: PropertyToken, today: number) => Condition;

/** A text in one of these fields. */
const inFields =
  (...fields: readonly TextField[]): Meaning =>
  ({ value, operator }) => {
    const found = anyOf(fields.map((field) => ({ kind: "text", field, text: value })));
    return operator === "<>" ? not(found) : found;
  };

/** A yes or a no. */
const yesOrNo =
  (yes: Condition): Meaning =>
  ({ value, operator }) => {
    const isYes = /^(true|yes|1)$/i.test(value) !== (operator === "<>");
    return isYes ? yes : not(yes);
  };

const onDays =
  (of: "received" | "sent"): Meaning =>
  ({ value, operator }, today) => {
    const range = dayRange(value, today);
    return range === undefined ? nothing : { kind: "day", of, ...bounds(range, operator) };
  };

function bounds({ first, last }: DayRange, operator: PropertyToken["operator"]) {
  if (operator === ">") return { fromDay: last + 1 };
  if (operator === ">=") return { fromDay: first };
  if (operator === "<") return { untilDay: first };
  if (operator === "<=") return { untilDay: last + 1 };
  return { fromDay: first, untilDay: last + 1 };
}

/** Octets, with the units that people write. */
const bySize: Meaning = ({ value, operator }) => {
  const [, digits = "", unit = ""] = /^(\d{1,12})\s*([kmg]?)b?$/i.exec(value) ?? [];
  if (digits === "") return nothing;
  const octets = Number(digits) * 1024 ** ["", "k", "m", "g"].indexOf(unit.toLowerCase());
  if (operator.startsWith(">"))
    return { kind: "size", moreThan: octets - (operator === ">" ? 0 : 1) };
  if (operator === "<>") return not({ kind: "size", moreThan: octets - 1, lessThan: octets + 1 });
  if (operator.startsWith("<"))
    return { kind: "size", lessThan: octets + (operator === "<" ? 0 : 1) };
  return { kind: "size", moreThan: octets - 1, lessThan: octets + 1 };
};

const important = anyOf([
  { kind: "header", name: "Importance", text: "high" },
  { kind: "header", name: "X-Priority", text: "1" },
  { kind: "header", name: "X-Priority", text: "2" },
]);
const unimportant = anyOf([
  { kind: "header", name: "Importance", text: "low" },
  { kind: "header", name: "X-Priority", text: "4" },
  { kind: "header", name: "X-Priority", text: "5" },
]);

const byImportance: Meaning = ({ value }) => {
  const level = value.toLowerCase();
  if (level === "high") return important;
  if (level === "low") return unimportant;
  return level === "normal" ? allOf([not(important), not(unimportant)]) : nothing;
};

const flagged: Condition = { kind: "flag", flag: "flagged", is: true };
const seen: Condition = { kind: "flag", flag: "seen", is: true };
const attached: Condition = { kind: "attachments" };
/** Mail is all that is looked for. */
const byKind: Meaning = ({ value }) => (/^e?-?mails?$/i.test(value) ? everything : nothing);

/** What mail has of the properties that Exchange knows. */
const meanings: ReadonlyMap<string, Meaning> = new Map<string, Meaning>([
  ["subject", inFields("subject")],
  ["body", inFields("body")],
  ["content", inFields("body")],
  ["contents", inFields("body")],
  ["from", inFields("from")],
  ["to", inFields("to")],
  ["cc", inFields("cc")],
  ["bcc", inFields("bcc")],
  ["recipients", inFields("to", "cc", "bcc")],
  ["participants", inFields("from", "to", "cc", "bcc")],
  // A name stands in the header of its part, which is searched with the body.
  ["attachment", inFields("body")],
  ["attachmentnames", inFields("body")],
  ["received", onDays("received")],
  ["date", onDays("received")],
  ["sent", onDays("sent")],
  ["size", bySize],
  ["importance", byImportance],
  ["isread", yesOrNo(seen)],
  ["read", yesOrNo(seen)],
  ["isflagged", yesOrNo(flagged)],
  ["hasflag", yesOrNo(flagged)],
  ["hasattachment", yesOrNo(attached)],
  ["hasattachments", yesOrNo(attached)],
  ["category", ({ value }) => ({ kind: "category", name: value })],
  ["kind", byKind],
]);

/** Whether a word before a ":" is a property. */
export function isProperty(name: string): boolean {
  return meanings.has(name);
}

/** The condition of a property restriction. */
export function propertyCondition(token: PropertyToken, today: number): Condition {
  return meanings.get(token.name)?.(token, today) ?? nothing;
}
