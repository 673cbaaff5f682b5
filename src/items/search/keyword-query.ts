/**
 * The Keyword Query Language of FreeText (MS-ASCMD 2.2.3.80.1, MS-KQL 2.1), as far as mail has an answer to it:
 * words, "phrases", property:value, AND, OR, NOT, +, -, parentheses. Nothing that is typed is an error: what is
 * no operator is a word.
 */
import { allOf, anyOf, not, sizeOf, type Condition } from "./condition.ts";
import { maxConditions, maxQueryDepth, maxQueryLength } from "./limits.ts";
import { propertyCondition } from "./property.ts";
import { tokensOf, type Token } from "./tokens.ts";

/** A query that asks for more than can be looked for. */
export class QueryTooComplex extends Error {
  override name = "QueryTooComplex";
}

/** What the days that a query names are counted from. */
export interface Today {
  /** Days since 1970-01-01 UTC. */
  readonly day: number;
}

/** The condition that a text stands for; undefined when it says nothing. Throws QueryTooComplex. */
export function keywordQuery(text: string, today: Today): Condition | undefined {
  if (text.length > maxQueryLength) throw new QueryTooComplex("the query is too long");
  const condition = new Parser(tokensOf(text), today).whole();
  if (condition !== undefined && sizeOf(condition) > maxConditions) {
    throw new QueryTooComplex("the query has too many words");
  }
  return condition;
}

class Parser {
  readonly #tokens: readonly Token[];
  readonly #today: Today;
  #at = 0;

  constructor(tokens: readonly Token[], today: Today) {
    this.#tokens = tokens;
    this.#today = today;
  }

  /** A ")" too many is passed over. */
  whole(): Condition | undefined {
    const parts: Condition[] = [];
    while (this.#at < this.#tokens.length) {
      const part = this.#any(0);
      if (part !== undefined) parts.push(part);
      this.#at++;
    }
    return parts.length === 0 ? undefined : allOf(parts);
  }

  #any(depth: number): Condition | undefined {
    if (depth > maxQueryDepth) throw new QueryTooComplex("the query is nested too deeply");
    const parts = [this.#all(depth)];
    while (this.#skip("or")) parts.push(this.#all(depth));
    const said = parts.filter((part) => part !== undefined);
    return said.length === 0 ? undefined : anyOf(said);
  }

  /** Words beside each other must all be there; two values of one property are alternatives (MS-KQL 2.1.2). */
  #all(depth: number): Condition | undefined {
    const byProperty = new Map<string, Condition[]>();
    const parts: Condition[] = [];
    for (;;) {
      if (this.#skip("and")) continue;
      const token = this.#tokens[this.#at];
      if (token === undefined || token.kind === "or" || token.kind === "close") break;
      const condition = this.#one(depth);
      if (condition === undefined) continue;
      if (token.kind !== "property" || token.operator !== ":") parts.push(condition);
      else byProperty.set(token.name, [...(byProperty.get(token.name) ?? []), condition]);
    }
    const of = [...parts, ...Array.from(byProperty.values(), anyOf)];
    return of.length === 0 ? undefined : allOf(of);
  }

  #one(depth: number): Condition | undefined {
    const token = this.#tokens[this.#at++];
    if (token?.kind === "not") return this.#opposite(depth);
    if (token?.kind === "property") return propertyCondition(token, this.#today.day);
    if (token?.kind === "word") return { kind: "text", field: "anywhere", text: token.text };
    if (token?.kind !== "open") return undefined;
    const inner = this.#any(depth + 1);
    this.#skip("close");
    return inner;
  }

  /** A NOT before nothing says nothing. */
  #opposite(depth: number): Condition | undefined {
    const next = this.#tokens[this.#at];
    const isOperand = next !== undefined && next.kind !== "or" && next.kind !== "close";
    const operand = isOperand ? this.#one(depth) : undefined;
    return operand && not(operand);
  }

  #skip(kind: Token["kind"]): boolean {
    if (this.#tokens[this.#at]?.kind !== kind) return false;
    this.#at++;
    return true;
  }
}
