/** Compares an answer's XML with what a dialog expects. */
import { XMLParser } from "fast-xml-parser";

/** An element; text stands in `text` when it has no children. */
interface Node {
  readonly name: string;
  readonly text: string;
  readonly children: readonly Node[];
}

/** Values that a dialog keeps by `$name`. */
export type Bindings = ReadonlyMap<string, string>;

/** How the comparison ended: the new bindings, or a sentence that says what differs. */
export type Matched = { readonly bindings: Bindings } | { readonly differs: string };

/** Compares; `exact`: the answer has nothing more than expected. */
export function match(
  expected: string,
  actual: string,
  bindings: Bindings,
  exact: boolean,
): Matched {
  if (expected.trim() === "" || actual.trim() === "") {
    if (expected.trim() === "" && (actual.trim() === "" || !exact)) return { bindings };
    return { differs: actual.trim() === "" ? "the body is empty" : "the body is not empty" };
  }
  const matcher = new Matcher(exact);
  const [want, have] = [parse(expected), parse(actual)];
  const found = matcher.node(want, have, bindings);
  return found === undefined ? { differs: matcher.deepest } : { bindings: found };
}

/** The children that an answer has, among which expected ones are looked for. */
interface Siblings {
  readonly have: readonly Node[];
  readonly bindings: Bindings;
  readonly depth: number;
}

class Matcher {
  readonly #exact: boolean;
  #depth = -1;
  /** The difference that was met deepest in the tree: most likely the one that matters. */
  deepest = "nothing matches";

  constructor(exact: boolean) {
    this.#exact = exact;
  }

  node(want: Node, have: Node, bindings: Bindings, depth = 0): Bindings | undefined {
    if (want.name !== have.name) {
      return this.#differ(depth, `<${want.name}> is expected, <${have.name}> came`);
    }
    if (want.children.length > 0) {
      return this.#children(want, { have: have.children, bindings, depth: depth + 1 });
    }
    if (have.children.length > 0 && (this.#exact || want.text !== "")) {
      return this.#differ(depth, `<${want.name}> has unexpected children`);
    }
    const bound = bindText(want.text, have.text, bindings, this.#exact);
    if (bound !== undefined) return bound;
    const stood = resolved(want.text, bindings);
    return this.#differ(depth + 1, `<${want.name}> is "${have.text}", expected "${stood}"`);
  }

  /** Expected children in order; unexpected ones between them are fine unless exact. */
  #children(want: Node, at: Siblings, index = 0, from = 0): Bindings | undefined {
    const { have, bindings, depth } = at;
    const next = want.children[index];
    if (next === undefined) {
      if (!this.#exact || from === have.length) return bindings;
      return this.#differ(depth, `<${want.name}> has an unexpected <${have[from]?.name}>`);
    }
    if (next.text === "!") {
      const isAbsent = have.every(({ name }) => name !== next.name);
      if (isAbsent) return this.#children(want, at, index + 1, from);
      return this.#differ(depth, `<${want.name}> has a <${next.name}> that must be absent`);
    }
    return this.#from(want, next, { ...at, index, from });
  }

  /** Looks for one expected child from a place on, and for those after it behind it. */
  #from(
    want: Node,
    next: Node,
    at: Siblings & { readonly index: number; readonly from: number },
  ): Bindings | undefined {
    const { have, bindings, depth, index, from } = at;
    const last = this.#exact ? Math.min(from + 1, have.length) : have.length;
    for (let candidate = from; candidate < last; candidate++) {
      const bound = this.node(next, have[candidate] as Node, bindings, depth);
      if (bound === undefined) continue;
      const rest = this.#children(want, { have, bindings: bound, depth }, index + 1, candidate + 1);
      if (rest !== undefined) return rest;
    }
    return this.#differ(depth, `<${want.name}> lacks a <${next.name}> as expected`);
  }

  #differ(depth: number, sentence: string): undefined {
    if (depth <= this.#depth) return undefined;
    this.#depth = depth;
    this.deepest = sentence;
    return undefined;
  }
}

function bindText(
  want: string,
  have: string,
  bindings: Bindings,
  exact: boolean,
): Bindings | undefined {
  if (want === "*" || (want === "" && !exact)) return bindings;
  const [, pattern] = /^\/(.*)\/$/s.exec(want) ?? [];
  if (pattern !== undefined) return new RegExp(pattern, "s").test(have) ? bindings : undefined;
  const [, name] = /^\$(\w+)$/.exec(want) ?? [];
  if (name === undefined || bindings.has(name)) {
    return resolved(want, bindings) === have ? bindings : undefined;
  }
  return new Map([...bindings, [name, have]]);
}

/** A text with its `$name`s replaced by what is bound to them. */
export function resolved(text: string, bindings: Bindings): string {
  return text.replaceAll(/\$(\w+)/g, (whole, name: string) => bindings.get(name) ?? whole);
}

const parser = new XMLParser({
  preserveOrder: true,
  ignoreAttributes: true,
  parseTagValue: false,
  trimValues: true,
});

type Parsed = Readonly<Record<string, Parsed[] | string>>;

function parse(xml: string): Node {
  const [root] = nodesOf(parser.parse(xml) as Parsed[]);
  if (root === undefined) throw new Error(`not XML: ${xml}`);
  return root;
}

function nodesOf(parsed: readonly Parsed[]): Node[] {
  return parsed.flatMap((entry) => {
    const [name, inner] = Object.entries(entry)[0] ?? ["#text", ""];
    if (name === "#text" || name.startsWith("?") || typeof inner === "string") return [];
    const text = inner.map((child) => (typeof child["#text"] === "string" ? child["#text"] : ""));
    return [{ name, text: text.join(""), children: nodesOf(inner) }];
  });
}
