import type { Utf8Text, Octets } from "../src/kit/octets.ts";
import type { ProtocolVersion } from "./version.ts";

/** A tag of a code page: its token and the versions that have it. */
export interface Tag {
  readonly token: number;
  readonly since: ProtocolVersion;
  readonly until: ProtocolVersion | undefined;
}

/** A WBXML code page: an XML namespace and its tags. */
export interface CodePage<Name extends string = string> {
  readonly number: number;
  readonly name: string;
  /** Name of the page before a tag: in XML, and in a key where two pages have a tag of one name. */
  readonly prefix: string;
  readonly tags: Readonly<Record<Name, Tag>>;
}

/** A tag that not all versions have. */
export function tag(token: number, first: ProtocolVersion, last?: ProtocolVersion): Tag {
  return { token, since: first, until: last };
}

/** A code page; a bare token is a tag that all versions have. */
export function codePage<Name extends string>(
  number: number,
  name: string,
  tokens: Readonly<Record<Name, number | Tag>>,
): CodePage<Name> {
  const entries = Object.entries<number | Tag>(tokens).map(([key, token]) => [
    key,
    typeof token === "number" ? tag(token, "2.5") : token,
  ]);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- fromEntries forgets the keys
  const tags = Object.fromEntries(entries) as Record<Name, Tag>;
  return { number, name, prefix: name.toLowerCase(), tags };
}

declare const inferred: unique symbol;

/** Kinds of elements that hold one value. */
export type ValueKind =
  | "text"
  | "integer"
  | "decimal"
  | "boolean"
  | "emptyTag"
  | "dateTime"
  | "compactDateTime"
  | "opaque"
  | "octets"
  | "textOrBytes"
  | "tagNames";

/** Named schemas, as the fields of a struct are. */
export type Fields = Readonly<Record<string, Schema | Field>>;

/** What must not be in a struct, though it is passed over elsewhere. */
export interface Refused {
  /** The command's own Status for a request that has it. */
  readonly status: number;
  /** Structs whose elements these are; what the struct itself has is meant by none of them. */
  readonly elementsOf: readonly Schema[];
}

/** What an element holds, for the codec and for whoever walks through a schema. */
export type Shape =
  | { readonly kind: "value"; readonly value: ValueKind }
  | {
      readonly kind: "struct";
      readonly page: CodePage;
      readonly fields: Fields;
      readonly refused?: Refused;
      /** Children are sent in the order of the object, not in that of the fields. */
      readonly isOrdered?: true;
      /** A request has its children in the order of the fields, each once at the most. */
      readonly isSequence?: true;
    }
  | {
      readonly kind: "choices";
      readonly page: CodePage;
      readonly fields: Fields;
      /** Structs whose elements are noticed where they do not belong. */
      readonly misplaced?: readonly Schema[];
    }
  | { readonly kind: "textOr"; readonly other: Schema }
  | {
      readonly kind: "byClass";
      readonly classes: Readonly<Record<string, Schema>>;
      readonly extra: Schema | undefined;
    };

/** What an element holds; `T` is the type of its values. */
export interface Schema<T = unknown> {
  readonly shape: Shape;
  /** Whether the value is a user's content or secret: logs and traces print its length only. */
  readonly content: boolean;
  readonly [inferred]?: T;
}

/** How often an element may occur in its parent. */
export type Count = "one" | "optional" | "many";

/** An element in a struct: what it holds, how often, of which page, in which versions. */
export interface Field<T = unknown, C extends Count = Count, Page = CodePage | undefined> {
  readonly schema: Schema<T>;
  readonly count: C;
  readonly page: Page;
  readonly since: ProtocolVersion | undefined;
  readonly until: ProtocolVersion | undefined;
  /** The command's own Status for a request without this element. */
  readonly missing: number | undefined;
  /** The command's own Status for a request that repeats it; undefined: the later one counts. */
  readonly repeated: number | undefined;
}

/** The type of the values of a schema. */
export type Infer<S> = S extends { readonly [inferred]?: infer T } ? T : never;

type TypeOf<X> = X extends Field<infer T> ? T : Infer<X>;
type CountOf<X> = X extends { readonly count: infer C extends Count } ? C : "one";
type PageOf<X> = X extends { readonly page: infer P } ? P : undefined;
type Gated<X> = CountOf<X> extends "many" ? "many" : "optional";

type KeysOf<F, C extends Count> = {
  [K in keyof F]: CountOf<F[K]> extends C ? K : never;
}[keyof F];

type Flat<T> = { [K in keyof T]: T[K] };

/** The object of a struct with these fields. */
export type StructOf<F> = Flat<
  { [K in KeysOf<F, "one">]: TypeOf<F[K]> } & {
    [K in KeysOf<F, "optional">]?: TypeOf<F[K]> | undefined;
  } & { [K in KeysOf<F, "many">]: TypeOf<F[K]>[] }
>;

/** One object with a single key for each alternative. */
export type OneOf<F> = { [K in keyof F]: { [P in K]: TypeOf<F[P]> } }[keyof F];

type Local<K> = K extends `${string}:${infer Name}` ? Name : K;

type Checked<Page, F> = {
  [K in keyof F]: Local<K> extends NamesIn<PageOf<F[K]> extends CodePage ? PageOf<F[K]> : Page>
    ? F[K]
    : never;
};

type NamesIn<Page> = Page extends CodePage<infer Name> ? Name : never;

function schema<T>(shape: Shape): Schema<T> {
  return { shape, content: false };
}

function valueOf<T>(value: ValueKind): Schema<T> {
  return schema({ kind: "value", value });
}

/** A string. */
export const text = valueOf<string>("text");
/** A whole number. */
export const integer = valueOf<number>("integer");
/** A number with a fraction. */
export const decimal = valueOf<number>("decimal");
/** "1" or "0"; an empty element says true, as GetChanges means it. */
export const boolean = valueOf<boolean>("boolean");
/** An element whose presence is the value. */
export const emptyTag = valueOf<true>("emptyTag");
/** A moment as `2009-05-19T10:42:20.000Z` (MS-ASDTYPE 2.3). */
export const dateTime = valueOf<Date>("dateTime");
/** A moment as `20090519T104220Z` (MS-ASDTYPE 2.7.2). */
export const compactDateTime = valueOf<Date>("compactDateTime");
/** Bytes, sent as opaque data. */
export const opaque = valueOf<Buffer>("opaque");
/** Bytes that may be too many to be held in memory, sent as opaque data. */
export const octets = valueOf<Buffer | Octets>("octets");
/** A string is sent as an inline string, bytes as opaque data. */
export const textOrBytes = valueOf<string | Buffer | Utf8Text | Octets>("textOrBytes");
/** Names of empty elements of any page, each as `prefix:Name`: Supported, Schema. */
export const tagNames = valueOf<string[]>("tagNames");

/** Marks contents and secrets: logs and traces print only the length of the value. */
export function content<T>(of: Schema<T>): Schema<T> {
  return { ...of, content: true };
}

/**
 * An element with child elements. A key is the name of the element; where elements of one name
 * from two pages meet, `prefix:Name` tells the second one. Children are sent in this order.
 */
export function struct<Page extends CodePage, const F extends Fields>(
  page: Page,
  fields: F & Checked<Page, F>,
): Schema<StructOf<F>> {
  return schema({ kind: "struct", page, fields });
}

/** A struct in which the elements of other structs are not passed over: a request with one has this Status. */
export function refusing<T>(refused: Refused, of: Schema<T>): Schema<T> {
  if (of.shape.kind !== "struct") throw new Error("only a struct refuses elements");
  return { ...of, shape: { ...of.shape, refused } };
}

/** A struct whose children are sent in the order that the object has them in; read, they are in their order too. */
export function inOrder<T>(of: Schema<T>): Schema<T> {
  if (of.shape.kind !== "struct") throw new Error("only a struct has an order to keep");
  return { ...of, shape: { ...of.shape, isOrdered: true } };
}

/** A struct that is refused where its children come in another order than its fields, or twice (xs:sequence). */
export function sequence<T>(of: Schema<T>): Schema<T> {
  if (of.shape.kind !== "struct") throw new Error("only a struct is a sequence");
  return { ...of, shape: { ...of.shape, isSequence: true } };
}

/** An element whose children keep their order: one object with a single key for each child. */
export function choices<Page extends CodePage, const F extends Fields>(
  page: Page,
  fields: F & Checked<Page, F>,
): Schema<OneOf<F>[]> {
  return schema({ kind: "choices", page, fields });
}

/** Stands in choices for an element that does not belong there. */
export interface Misplaced {
  readonly misplaced: true;
}

/** Choices in which the elements of these structs are not passed over: the handler says what is wrong with them. */
export function noticing<T>(
  elementsOf: readonly Schema[],
  of: Schema<T[]>,
): Schema<(T | Misplaced)[]> {
  if (of.shape.kind !== "choices") throw new Error("only choices notice elements");
  return { content: of.content, shape: { ...of.shape, misplaced: elementsOf } };
}

/** An element that holds either a string or what `other` says. */
export function textOr<T>(other: Schema<T>): Schema<string | T> {
  return schema({ kind: "textOr", other });
}

/**
 * ApplicationData: the children belong to one class, told by the page of the first child that
 * only one class has; where all are shared (airsyncbase) it is the first class.
 */
export function byClass<const C extends Readonly<Record<string, Schema>>>(
  classes: C,
): Schema<OneOf<C>> {
  return schema({ kind: "byClass", classes, extra: undefined });
}

/** Properties of a fetched item: the elements of `extra`, then those of at most one class. */
export function properties<T, const C extends Readonly<Record<string, Schema>>>(
  extra: Schema<T>,
  classes: C,
): Schema<Flat<T & { [K in keyof C]?: Infer<C[K]> | undefined }>> {
  return schema({ kind: "byClass", classes, extra });
}

/** The field of a struct, whether declared bare or with modifiers. */
export function toField(of: Schema | Field): Field {
  if ("schema" in of) return of;
  const none = {
    missing: undefined,
    repeated: undefined,
    page: undefined,
    since: undefined,
    until: undefined,
  };
  return { schema: of, count: "one", ...none };
}

function modified<X extends Schema | Field, C extends Count, Page = PageOf<X>>(
  of: X,
  change: Partial<Field>,
): Field<TypeOf<X>, C, Page> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the callers' types say what `change` does
  return { ...toField(of), ...change } as Field<TypeOf<X>, C, Page>;
}

function gatedCount(of: Schema | Field): Count {
  return toField(of).count === "many" ? "many" : "optional";
}

/** An element that may be absent. */
export function optional<X extends Schema | Field>(of: X) {
  return modified<X, "optional">(of, { count: "optional" });
}

/** An element that may be repeated; none is an empty array. */
export function list<X extends Schema | Field>(of: X) {
  return modified<X, "many">(of, { count: "many" });
}

/** An element that versions before `version` do not have: not sent to them. */
export function since<X extends Schema | Field>(version: ProtocolVersion, of: X) {
  return modified<X, Gated<X>>(of, { since: version, count: gatedCount(of) });
}

/** An element that versions after `version` do not have: not sent to them. */
export function until<X extends Schema | Field>(version: ProtocolVersion, of: X) {
  return modified<X, Gated<X>>(of, { until: version, count: gatedCount(of) });
}

/** An element of another page than its parent. */
export function from<Page extends CodePage, X extends Schema | Field>(page: Page, of: X) {
  return modified<X, CountOf<X>, Page>(of, { page });
}

/** A required element whose absence has a Status of its own in the command. */
export function missing<X extends Schema | Field>(status: number, of: X) {
  return modified<X, CountOf<X>>(of, { missing: status });
}

/** An element that is not to be repeated: a request that does has a Status of its own in the command. */
export function single<X extends Schema | Field>(status: number, of: X) {
  return modified<X, CountOf<X>>(of, { repeated: status });
}

/** A whole request or answer: the root element and what it holds. */
export interface Message<T = unknown> extends Schema<T> {
  readonly page: CodePage;
  readonly root: string;
}

/** The message whose root element is `root` of `page`. */
export function message<Page extends CodePage, T>(
  page: Page,
  root: NamesIn<Page>,
  of: Schema<T>,
): Message<T> {
  return { ...of, page, root };
}
