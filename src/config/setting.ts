/** The words in which `config.ts` writes down a setting: its type, default and one line of help. */
import { z } from "zod";

/** One value that an operator can set. */
export interface Setting<Value> {
  readonly kind: "setting";
  /** One line for people. */
  readonly help: string;
  /** What would be right, in words that fit behind "Give": "a whole number from 1 to 65535". */
  readonly wanted: string;
  readonly schema: z.ZodType<Value>;
  /** Used when the setting is absent; `required` when there is none. */
  readonly fallback: Value | typeof required;
  /** A value to show where there is no default. */
  readonly example: unknown;
  /** True: the value is never quoted in a message. */
  readonly secret: boolean;
  /** Variables with a name of their own, by custom ("DATABASE_URL"). */
  readonly variables: readonly string[];
  /** Reads the text of an environment variable; what can't be read stays text and fails the schema. */
  fromText(text: string): unknown;
}

/** A TOML table. */
export interface Table<Shape> {
  readonly kind: "table";
  readonly help: string;
  readonly shape: Shape;
}

/** An array of TOML tables. */
export interface TableList<Shape> {
  readonly kind: "tables";
  readonly help: string;
  readonly item: Table<Shape>;
}

/** Any node of the definition. */
export type Node = Setting<unknown> | Table<Nodes> | TableList<Nodes>;

/** The members of a table. */
export interface Nodes {
  readonly [key: string]: Node;
}

/** The TypeScript type of what a definition reads. */
export type ValueOf<Definition> =
  Definition extends Setting<infer Value>
    ? Value
    : Definition extends Table<infer Shape>
      ? { readonly [Key in keyof Shape]: ValueOf<Shape[Key]> }
      : Definition extends TableList<infer Shape>
        ? readonly ValueOf<Table<Shape>>[]
        : never;

/** Marks a setting that has no default. */
export const required = Symbol("required");

interface Options<Value> {
  readonly fallback?: Value;
  readonly example?: unknown;
}

function setting<Value>(
  help: string,
  type: Pick<Setting<Value>, "wanted" | "schema"> & { fromText?: (text: string) => unknown },
  options: Options<Value>,
): Setting<Value> {
  return {
    kind: "setting",
    help,
    fallback: options.fallback ?? required,
    example: options.example,
    secret: false,
    variables: [],
    fromText: (raw) => raw,
    ...type,
  };
}

/** A table of settings. */
export function table<const Shape>(help: string, shape: Shape): Table<Shape> {
  return { kind: "table", help, shape };
}

/** An array of tables. */
export function tables<const Shape>(help: string, shape: Shape): TableList<Shape> {
  return { kind: "tables", help, item: table(help, shape) };
}

/** A text that is not empty. */
export function text(help: string, options: Options<string> = {}): Setting<string> {
  return setting(help, { wanted: "a text", schema: z.string().min(1) }, options);
}

/** The same setting, but absent (undefined) when nothing is given. */
export function optional<Value>(inner: Setting<Value>): Setting<Value | undefined> {
  return { ...inner, schema: inner.schema.optional(), fallback: undefined };
}

/** The same setting, but its value is never quoted in a message. */
export function secret<Value>(inner: Setting<Value>): Setting<Value> {
  return { ...inner, secret: true };
}

/** The same setting, which a variable with a name of its own can give too. */
export function alsoFrom<Value>(variable: string, inner: Setting<Value>): Setting<Value> {
  return { ...inner, variables: [variable] };
}

const hostForm =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)(\.[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?)*\.?$/i;
const address = z.union([z.ipv4(), z.ipv6()]);

/** A host name or an IP address. */
export function host(help: string, options: Options<string> = {}): Setting<string> {
  const schema = z.union([address, z.string().regex(hostForm)]);
  return setting(help, { wanted: "a host name or an IP address, without a port", schema }, options);
}

const domainForm = /^[^\s@/\\]+\.[^\s@/\\.]+$/u;

/** A mail domain, lower case; IDNs in Unicode or as A-labels. */
export function mailDomain(help: string, options: Options<string> = {}): Setting<string> {
  const schema = z.string().regex(domainForm).toLowerCase();
  return setting(help, { wanted: 'the part of a mail address behind the "@"', schema }, options);
}

/** A whole number within bounds, both included. */
export function whole(
  help: string,
  [low, high]: readonly [number, number],
  options: Options<number> = {},
): Setting<number> {
  const type = {
    wanted: `a whole number from ${low} to ${high}`,
    schema: z.int().min(low).max(high),
    fromText: (raw: string) => (/^-?\d{1,15}$/.test(raw.trim()) ? Number(raw) : raw),
  };
  return setting(help, type, options);
}

/** True or false. */
export function flag(help: string, fallback: boolean): Setting<boolean> {
  const words: Readonly<Record<string, boolean>> = { true: true, false: false };
  const fromText = (raw: string): unknown => words[raw.trim().toLowerCase()] ?? raw;
  return setting(help, { wanted: "true or false", schema: z.boolean(), fromText }, { fallback });
}

/** One of a few words. */
export function choice<const Word extends string>(
  help: string,
  words: readonly [Word, ...Word[]],
  fallback: NoInfer<Word>,
): Setting<Word> {
  const wanted = `one of ${words.map((word) => `"${word}"`).join(", ")}`;
  return setting(help, { wanted, schema: z.enum(words) }, { fallback });
}

/** Several values of one kind; separated by commas in an environment variable. */
export function listOf<Value>(inner: Setting<Value>): Setting<readonly Value[]> {
  const fromText = (raw: string): unknown =>
    raw
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== "")
      .map((part) => inner.fromText(part));
  const type = { wanted: `a list, each ${inner.wanted}`, schema: z.array(inner.schema), fromText };
  return setting<readonly Value[]>(inner.help, type, { fallback: [] });
}

/** An address or a network in CIDR notation. */
export function network(help: string): Setting<string> {
  const wanted = 'an IP address or a network such as "10.0.0.0/8"';
  return setting(help, { wanted, schema: z.union([address, z.cidrv4(), z.cidrv6()]) }, {});
}

/** A postgres:// URL. */
export function postgresUrl(help: string): Setting<string> {
  // Not the URL of browsers: a server on a socket has no host.
  const schema = z.string().regex(/^postgres(ql)?:\/\/./);
  const example = "postgres://eastgate@localhost/eastgate";
  const wanted = `a URL such as "${example}"`;
  return setting(help, { wanted, schema }, { example });
}

/** A file or folder, relative to the configuration file (to the working directory without one). */
export function path(help: string, options: Options<string> = {}): Setting<string> {
  return setting(help, { wanted: "a path", schema: z.string().min(1) }, options);
}
