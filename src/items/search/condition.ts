/** What mails are looked for, in neutral words: from a client's query to what a mail server is asked. */

/** Where a text is looked for; "anywhere" is the header and all text of the body. */
export type TextField = "anywhere" | "subject" | "body" | "from" | "to" | "cc" | "bcc";

/** One condition, or several joined. */
export type Condition =
  | { readonly kind: "text"; readonly field: TextField; readonly text: string }
  /** A header field that has this text in it. */
  | { readonly kind: "header"; readonly name: string; readonly text: string }
  /** Whole days since 1970-01-01; `untilDay` is the first day that is too late. */
  | {
      readonly kind: "day";
      readonly of: "received" | "sent";
      readonly fromDay?: number;
      readonly untilDay?: number;
    }
  | {
      readonly kind: "flag";
      readonly flag: "seen" | "flagged" | "answered" | "draft";
      readonly is: boolean;
    }
  | { readonly kind: "category"; readonly name: string }
  | { readonly kind: "attachments" }
  /** Octets, both exclusive. */
  | { readonly kind: "size"; readonly moreThan?: number; readonly lessThan?: number }
  | { readonly kind: "all"; readonly of: readonly Condition[] }
  | { readonly kind: "any"; readonly of: readonly Condition[] }
  | { readonly kind: "not"; readonly of: Condition };

/** What one search looks for. */
export interface MailQuery {
  readonly condition: Condition;
  /** Moments between which a mail arrived (INTERNALDATE), both exclusive. */
  readonly receivedAfter?: Date;
  readonly receivedBefore?: Date;
}

/** Every mail fits. */
export const everything: Condition = { kind: "all", of: [] };

/** No mail fits. */
export const nothing: Condition = { kind: "any", of: [] };

/** Conditions that must all hold, none of them twice. */
export function allOf(conditions: readonly Condition[]): Condition {
  const flat = conditions.flatMap((each) => (each.kind === "all" ? each.of : [each]));
  if (flat.some(isNothing)) return nothing;
  const of = unique(flat);
  return of.length === 1 && of[0] !== undefined ? of[0] : { kind: "all", of };
}

/** Conditions of which one must hold; what a wider one includes anyway is not asked. */
export function anyOf(conditions: readonly Condition[]): Condition {
  const flat = conditions.flatMap((each) => (each.kind === "any" ? each.of : [each]));
  if (flat.some(isEverything)) return everything;
  const anywhere = new Set(
    flat.flatMap((each) => (each.kind === "text" && each.field === "anywhere" ? [each.text] : [])),
  );
  const of = unique(
    flat.filter(
      (each) => each.kind !== "text" || each.field === "anywhere" || !anywhere.has(each.text),
    ),
  );
  return of.length === 1 && of[0] !== undefined ? of[0] : { kind: "any", of };
}

/** The opposite. */
export function not(condition: Condition): Condition {
  if (condition.kind === "not") return condition.of;
  if (isEverything(condition)) return nothing;
  return isNothing(condition) ? everything : { kind: "not", of: condition };
}

/** Whether every mail fits. */
export function isEverything(condition: Condition): boolean {
  return condition.kind === "all" && condition.of.length === 0;
}

/** Whether no mail can fit. */
export function isNothing(condition: Condition): boolean {
  return condition.kind === "any" && condition.of.length === 0;
}

/** How many single conditions a condition is made of. */
export function sizeOf(condition: Condition): number {
  if (condition.kind === "not") return sizeOf(condition.of);
  if (condition.kind !== "all" && condition.kind !== "any") return 1;
  return condition.of.reduce((sum, each) => sum + sizeOf(each), 0);
}

function unique(conditions: readonly Condition[]): Condition[] {
  return [...new Map(conditions.map((each) => [JSON.stringify(each), each])).values()];
}
