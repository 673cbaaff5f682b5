/** Reads raw TOML values and environment variables against a definition; collects every problem. */
import { nearest, type Problem } from "./problem.ts";
import {
  required,
  type Node,
  type Nodes,
  type Setting,
  type Table,
  type TableList,
  type ValueOf,
} from "./setting.ts";

/** Environment variables by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Where reading stands: the key so far, what was found wrong, which variables were used. */
interface Reading {
  readonly env: Environment;
  readonly problems: Problem[];
  readonly known: Set<string>;
}

interface Place {
  /** "" at the top, else "domains[0].imap". */
  readonly key: string;
  /** "EASTGATE", else "EASTGATE_DOMAINS_0_IMAP". */
  readonly variable: string;
}

type Raw = Readonly<Record<string, unknown>>;

/** The name of a setting in the file: camelCase in code, snake_case there. */
export function fileName(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The environment variable of a key: "listen.port" is EASTGATE_LISTEN_PORT. */
export function variableName(place: string, name: string): string {
  return `${place}_${fileName(name).toUpperCase()}`;
}

/** The values of a definition; where a problem is reported the value is a stand-in. */
export function read<Definition extends Table<Nodes>>(
  definition: Definition,
  raw: unknown,
  env: Environment,
): { readonly values: ValueOf<Definition>; readonly problems: readonly Problem[] } {
  const reading: Reading = { env, problems: [], known: new Set(outsideVariables) };
  const values = readTable(reading, definition, raw, { key: "", variable: "EASTGATE" });
  reportUnknownVariables(reading);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets the keys
  return { values: values as ValueOf<Definition>, problems: reading.problems };
}

/** Read elsewhere, by the command line. */
const outsideVariables = ["EASTGATE_CONFIG"];

/** Kubernetes adds these to every container where a service is named "eastgate". */
const serviceLink = /^EASTGATE_(SERVICE|PORT)(_|$)/;

/** Set by the project's own tests. */
const testVariable = /^EASTGATE_TEST_/;

function reportUnknownVariables(reading: Reading): void {
  const strangers = Object.keys(reading.env).filter(
    (name) =>
      name.startsWith("EASTGATE_") &&
      !reading.known.has(name) &&
      !serviceLink.test(name) &&
      !testVariable.test(name),
  );
  for (const name of strangers.toSorted()) {
    const right = suggestion(name, [...reading.known], "Unset it");
    reading.problems.push({ key: name, wrong: "is no variable of Eastgate's", right });
  }
}

function suggestion(word: string, candidates: readonly string[], otherwise: string): string {
  const meant = nearest(word, candidates);
  return meant === undefined ? otherwise : `Did you mean ${meant}?`;
}

function readNode(reading: Reading, node: Node, raw: unknown, place: Place): unknown {
  switch (node.kind) {
    case "setting":
      return readSetting(reading, node, raw, place);
    case "table":
      return readTable(reading, node, raw, place);
    case "tables":
      return readTables(reading, node, raw, place);
  }
}

function isTable(raw: unknown): raw is Raw {
  return typeof raw === "object" && raw !== null && !Array.isArray(raw) && !(raw instanceof Date);
}

function readTable(reading: Reading, node: Table<Nodes>, raw: unknown, place: Place): object {
  const given = isTable(raw) ? raw : {};
  if (raw !== undefined && !isTable(raw)) {
    const header = `Write its settings below a line [${place.key}]`;
    reading.problems.push({
      key: place.key,
      wrong: `is ${quote(raw)}, not a table`,
      right: header,
    });
  }
  reportUnknownKeys(reading, node, given, place);
  const entries = Object.entries(node.shape).map(([name, member]) => {
    const inner = {
      key: join(place.key, fileName(name)),
      variable: variableName(place.variable, name),
    };
    return [name, readNode(reading, member, given[fileName(name)], inner)] as const;
  });
  return Object.fromEntries(entries);
}

function reportUnknownKeys(reading: Reading, node: Table<Nodes>, given: Raw, place: Place): void {
  const names = Object.keys(node.shape).map(fileName);
  for (const name of Object.keys(given).filter((each) => !names.includes(each))) {
    const right = suggestion(name, names, `Known here: ${names.join(", ")}`);
    reading.problems.push({ key: join(place.key, name), wrong: "is no known setting", right });
  }
}

function join(place: string, name: string): string {
  return place === "" ? name : `${place}.${name}`;
}

function readTables(
  reading: Reading,
  node: TableList<Nodes>,
  raw: unknown,
  place: Place,
): object[] {
  const given: readonly unknown[] = Array.isArray(raw) ? raw : [];
  if (raw !== undefined && !Array.isArray(raw)) {
    const wrong = `is ${quote(raw)}, not a list of tables`;
    const right = `Begin each with a line [[${place.key}]]`;
    reading.problems.push({ key: place.key, wrong, right });
  }
  const count = Math.max(given.length, countFromVariables(reading.env, place.variable));
  return Array.from({ length: count }, (_, index) =>
    readTable(reading, node.item, given[index], {
      key: `${place.key}[${index}]`,
      variable: `${place.variable}_${index}`,
    }),
  );
}

/** Tables may be given by variables alone: EASTGATE_DOMAINS_0_NAME. At most 100 that way. */
function countFromVariables(env: Environment, variable: string): number {
  const indexes = Object.keys(env)
    .filter((name) => name.startsWith(`${variable}_`))
    .map((name) => /^(\d{1,2})_/.exec(name.slice(variable.length + 1))?.[1])
    .filter((index) => index !== undefined);
  return Math.max(0, ...indexes.map((index) => Number(index) + 1));
}

function readSetting(
  reading: Reading,
  node: Setting<unknown>,
  raw: unknown,
  place: Place,
): unknown {
  const names = [place.variable, ...node.variables];
  for (const name of names) reading.known.add(name);
  const variable = names.find((name) => (reading.env[name] ?? "") !== "");
  const value = variable === undefined ? raw : node.fromText(reading.env[variable] ?? "");
  const key = variable === undefined ? place.key : `${place.key} (from ${variable})`;
  if (value === undefined) return fallback(reading, node, place);
  const parsed = node.schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const shown = node.secret ? "has a value that is not usable" : `is ${quote(value)}`;
  reading.problems.push({ key, wrong: shown, right: `Give ${node.wanted}` });
  return node.fallback === required ? "" : node.fallback;
}

function fallback(reading: Reading, node: Setting<unknown>, place: Place): unknown {
  if (node.fallback !== required) return node.fallback;
  const example = node.example === undefined ? "" : `, for example ${quote(node.example)}`;
  const right = `Give ${node.wanted}${example}`;
  reading.problems.push({ key: place.key, wrong: "is missing", right });
  return "";
}

/** Longest value that a message quotes whole. */
const longestQuote = 60;

function quote(value: unknown): string {
  const shown = JSON.stringify(value) ?? typeof value;
  return shown.length > longestQuote ? `${shown.slice(0, longestQuote)}…` : shown;
}
