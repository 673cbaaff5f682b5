/** A search's conditions as IMAP search keys (RFC 3501 6.4.4, RFC 6203). */
import { isEverything, type Condition, type TextField } from "../../items/search/condition.ts";
import type { Argument } from "./connection.ts";
import { keywordOf } from "./flags.ts";
import { keywordCharacters } from "./limits.ts";
import { atom, topNumber } from "./tokens.ts";

/** What the server can do with texts. */
export interface SearchDialect {
  /** It looks into its full-text index alone, and may find other forms of a word (RFC 6203). */
  readonly fuzzy: boolean;
  /** Writes a text; undefined: the server cannot look for it. */
  text(text: string): Argument | undefined;
}

const dayMs = 86_400_000;

/** The search keys of a condition, to be joined by "and". */
export function criteriaOf(condition: Condition, dialect: SearchDialect): Argument[] {
  if (condition.kind === "any") return anyCriteria(condition.of, dialect);
  if (condition.kind === "not") return [atom("NOT"), operand(condition.of, dialect)];
  if (condition.kind !== "all") return singleCriteria(condition, dialect);
  if (isEverything(condition)) return [atom("ALL")];
  return condition.of.flatMap((each) => criteriaOf(each, dialect));
}

/** OR takes two keys: a longer list is nested. Of none no mail fits. */
function anyCriteria(of: readonly Condition[], dialect: SearchDialect): Argument[] {
  const [first, ...rest] = of;
  if (first === undefined) return noMail;
  if (rest.length === 0) return criteriaOf(first, dialect);
  const others = rest.length === 1 && rest[0] !== undefined ? rest[0] : anyRest(rest);
  return [atom("OR"), operand(first, dialect), operand(others, dialect)];
}

function anyRest(of: readonly Condition[]): Condition {
  return { kind: "any", of };
}

/** Several keys in one place stand in parentheses. */
function operand(condition: Condition, dialect: SearchDialect): Argument {
  return criteriaOf(condition, dialect);
}

type Single = Exclude<Condition, { readonly kind: "all" | "any" | "not" }>;

const flagKeys = {
  seen: ["SEEN", "UNSEEN"],
  flagged: ["FLAGGED", "UNFLAGGED"],
  answered: ["ANSWERED", "UNANSWERED"],
  draft: ["DRAFT", "UNDRAFT"],
} as const;

function singleCriteria(condition: Single, dialect: SearchDialect): Argument[] {
  switch (condition.kind) {
    case "text":
      return textCriteria(condition, dialect);
    case "header":
      return withText([atom("HEADER"), atom(condition.name)], condition.text, dialect);
    case "day":
      return dayCriteria(condition);
    case "flag":
      return [atom(flagKeys[condition.flag][condition.is ? 0 : 1])];
    case "category":
      return categoryCriteria(condition.name);
    case "attachments":
      return attachmentCriteria;
    case "size":
      return sizeCriteria(condition);
  }
}

const textKeys: Readonly<Record<TextField, string>> = {
  anywhere: "TEXT",
  subject: "SUBJECT",
  body: "BODY",
  from: "FROM",
  to: "TO",
  cc: "CC",
  bcc: "BCC",
};

function textCriteria(
  { field, text }: Extract<Single, { kind: "text" }>,
  dialect: SearchDialect,
): Argument[] {
  const isIndexed = field === "anywhere" || field === "body";
  const fuzzy = dialect.fuzzy && isIndexed ? [atom("FUZZY")] : [];
  return withText([...fuzzy, atom(textKeys[field])], text, dialect);
}

/** A text that the server cannot look for is in no mail. */
function withText(keys: readonly Argument[], text: string, dialect: SearchDialect): Argument[] {
  const written = dialect.text(text);
  return written === undefined ? noMail : [...keys, written];
}

/** A name too long for a keyword is on no mail. */
function categoryCriteria(name: string): Argument[] {
  const keyword = keywordOf(name);
  if (keyword.length > keywordCharacters) return noMail;
  return [atom("KEYWORD"), atom(keyword)];
}

const noMail: Argument[] = [atom("NOT"), atom("ALL")];

/** Dovecot and others set the keyword; where nobody does, most mails with attachments are multipart/mixed. */
const attachmentCriteria: Argument[] = [
  atom("OR"),
  [atom("KEYWORD"), atom("$HasAttachment")],
  [atom("HEADER"), atom("CONTENT-TYPE"), { type: "STRING", value: "multipart/mixed" }],
];

function sizeCriteria({ moreThan, lessThan }: Extract<Single, { kind: "size" }>): Argument[] {
  return orEverything([
    ...(moreThan === undefined || moreThan < 0 ? [] : [atom("LARGER"), octets(moreThan)]),
    ...(lessThan === undefined ? [] : [atom("SMALLER"), octets(lessThan)]),
  ]);
}

/** A number of RFC 3501 has 32 bits. */
function octets(count: number): Argument {
  return atom(String(Math.min(Math.max(count, 0), topNumber)));
}

function orEverything(keys: Argument[]): Argument[] {
  return keys.length === 0 ? [atom("ALL")] : keys;
}

function dayCriteria({ of, fromDay, untilDay }: Extract<Single, { kind: "day" }>): Argument[] {
  const prefix = of === "sent" ? "SENT" : "";
  return orEverything([
    ...(fromDay === undefined ? [] : [atom(`${prefix}SINCE`), imapDate(fromDay)]),
    ...(untilDay === undefined ? [] : [atom(`${prefix}BEFORE`), imapDate(untilDay)]),
  ]);
}

const months = "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec".split(" ");
/** IMAP writes years with four digits (RFC 3501 9, date-year). */
const [firstDay, lastDay] = [-719_162, 2_932_896];

/** A day as IMAP writes it. */
export function imapDate(day: number): Argument {
  const date = new Date(Math.min(Math.max(day, firstDay), lastDay) * dayMs);
  const month = months[date.getUTCMonth()] ?? "Jan";
  return atom(`${date.getUTCDate()}-${month}-${String(date.getUTCFullYear()).padStart(4, "0")}`);
}
