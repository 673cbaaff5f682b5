/** A text as the tokens of the Keyword Query Language. */
import { isProperty } from "./property.ts";

/** One token. */
export type Token =
  | { readonly kind: "and" | "or" | "not" | "open" | "close" }
  | { readonly kind: "word"; readonly text: string }
  | PropertyToken;

/** A property restriction: `from:ann`, `received>=2026-11-01`. */
export interface PropertyToken {
  readonly kind: "property";
  /** Lower case. */
  readonly name: string;
  readonly operator: ":" | "=" | "<>" | "<" | "<=" | ">" | ">=";
  readonly value: string;
}

/** Phrases in quotes, parentheses, and everything between blanks. A phrase without an end goes on to the end. */
const tokenForm =
  /(?<open>\()|(?<close>\))|(?<sign>[+-])?(?:(?<name>[A-Za-z]+)(?<operator>:|=|<>|<=|>=|<|>)(?<space>\s*))?(?:["“”](?<phrase>[^"“”]*)["“”]?|(?<word>[^\s()"“”]+))|(?<rest>[^\s])/gu;

/** The tokens of a text in their order. */
export function tokensOf(text: string): Token[] {
  return [...text.matchAll(tokenForm)].flatMap(({ groups = {} }) => toTokens(groups));
}

function toTokens(groups: Readonly<Record<string, string | undefined>>): Token[] {
  if (groups["open"] !== undefined) return [{ kind: "open" }];
  if (groups["close"] !== undefined) return [{ kind: "close" }];
  const { sign, name, phrase, word = "" } = groups;
  const operator = operators[word];
  if (operator !== undefined && sign === undefined && name === undefined)
    return [{ kind: operator }];
  const tokens = name === undefined ? words(phrase ?? word) : propertyTokens(groups);
  return sign === "-" && tokens.length > 0 ? [{ kind: "not" }, ...tokens] : tokens;
}

/** Operators are in capitals (MS-KQL 2.1.3). */
const operators: Readonly<Record<string, "and" | "or" | "not">> = {
  AND: "and",
  OR: "or",
  NOT: "not",
};

/** "re: minutes", "re:minutes" and "http://…" name no property: they are words. */
function propertyTokens(groups: Readonly<Record<string, string | undefined>>): Token[] {
  const { name = "", operator = "", space, phrase, word } = groups;
  const value = cleaned(phrase ?? word ?? "");
  const property = name.toLowerCase();
  if (isProperty(property) && isOperator(operator)) {
    return value === "" ? [] : [{ kind: "property", name: property, operator, value }];
  }
  const start = `${name}${operator}`;
  return space === "" ? words(start + value) : words(start, value);
}

function isOperator(text: string): text is PropertyToken["operator"] {
  return [":", "=", "<>", "<", "<=", ">", ">="].includes(text);
}

function words(...texts: readonly string[]): Token[] {
  return texts.flatMap((each) => {
    const text = cleaned(each);
    return text === "" ? [] : [{ kind: "word", text }];
  });
}

/** A "*" stands for any ending, which a search for a part of a word has anyway (MS-KQL 2.1.12). */
function cleaned(text: string): string {
  return text
    .replace(/[\p{Cc}\s]+/gu, " ")
    .trim()
    .replace(/\*+$/, "");
}
