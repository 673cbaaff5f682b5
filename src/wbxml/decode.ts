import { INVALID_WBXML, INVALID_XML, OutOfOrder, WbxmlError } from "./error.ts";
import { rank } from "../../schemas/version.ts";
import { classesByPage, layoutOf, layoutOfStruct } from "./layout.ts";
import { END_OF_ELEMENT, Reader } from "./reader.ts";
import { tagName } from "./tag-names.ts";
import { parseBoolean, parseDecimal, parseInteger, parseMoment } from "./values.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";
import type { StoredOctets } from "../kit/octets.ts";
import type { Message, Refused, Schema, Shape, ValueKind } from "../../schemas/vocabulary.ts";
import type { Child, Layout } from "./layout.ts";

/** Reads an element that was entered; undefined is as good as no element. */
type Decoder = (reader: Reader, filled: boolean, version: number) => unknown;
type Values = Record<string, unknown>;
type StructRules = Pick<Extract<Shape, { kind: "struct" }>, "refused" | "isSequence">;

const decoders = new WeakMap<Schema, Decoder>();

function decoderOf(of: Schema): Decoder {
  const known = decoders.get(of);
  if (known !== undefined) return known;
  const decoder = compile(of.shape);
  decoders.set(of, decoder);
  return decoder;
}

function compile(shape: Shape): Decoder {
  switch (shape.kind) {
    case "struct":
      return structDecoder(layoutOf(shape.page, shape.fields), shape);
    case "choices":
      return choicesDecoder(layoutOf(shape.page, shape.fields), shape.misplaced);
    case "textOr":
      return textOrDecoder(shape.other);
    case "byClass":
      return shape.extra === undefined
        ? classDecoder(shape.classes)
        : propertiesDecoder(shape.classes, shape.extra);
    case "value":
      return valueDecoders[shape.value];
  }
}

/** A value that is written as text; an empty element is none. */
function parsed(what: string, parse: (text: string) => unknown): Decoder {
  return (reader, filled) => {
    const text = filled ? reader.text() : "";
    if (text === "") return undefined;
    const value = parse(text);
    if (value === undefined) throw reader.invalid(`is no ${what}`);
    return value;
  };
}

function decodeText(reader: Reader, filled: boolean): string {
  return filled ? reader.text() : "";
}

function decodeBytes(reader: Reader, filled: boolean): Buffer {
  return filled ? reader.bytes() : Buffer.alloc(0);
}

const parsedBoolean = parsed("boolean", parseBoolean);
const moment = parsed("date and time", parseMoment);

const valueDecoders: Readonly<Record<ValueKind, Decoder>> = {
  text: decodeText,
  integer: parsed("whole number", parseInteger),
  decimal: parsed("number", parseDecimal),
  boolean: (reader, filled, version) => parsedBoolean(reader, filled, version) ?? true,
  // Some clients write "0" where no element is meant: DeleteSubFolders must not be taken for true.
  emptyTag: (reader, filled) => (decodeText(reader, filled).trim() === "0" ? undefined : true),
  dateTime: moment,
  compactDateTime: moment,
  opaque: decodeBytes,
  octets: (reader, filled) => (filled ? reader.octets() : Buffer.alloc(0)),
  textOrBytes: (reader, filled) => (reader.atOpaque() ? decodeBytes : decodeText)(reader, filled),
  tagNames: decodeTagNames,
};

function decodeTagNames(reader: Reader, filled: boolean): string[] {
  const names: string[] = [];
  if (!filled) return names;
  for (let id = reader.next(); id !== END_OF_ELEMENT; id = reader.next()) {
    const name = tagName(id);
    if (name !== undefined) names.push(name);
    if (reader.filled) reader.skip();
  }
  return names;
}

/** A child and how to read it. */
interface Reading {
  readonly child: Child;
  readonly decode: Decoder;
}

function readingsOf(layout: Layout): ReadonlyMap<number, Reading> {
  return new Map(
    layout.children.map((child) => [child.id, { child, decode: decoderOf(child.schema) }]),
  );
}

/** Reads the child that `next` found. */
function decodeChild(reader: Reader, reading: Reading, version: number): unknown {
  reader.enter(reading.child.key);
  const value = reading.decode(reader, reader.filled, version);
  reader.leave();
  return value;
}

/** Passes over an element that nothing is known of. */
function passOver(reader: Reader): void {
  if (reader.filled) reader.skip();
}

function put(values: Values, child: Child, value: unknown): void {
  if (value === undefined) return;
  const list = values[child.key];
  if (child.count === "many" && Array.isArray(list)) list.push(value);
  else values[child.key] = value;
}

function refuseRepeated(reader: Reader, { key, repeated }: Child, values: Values): void {
  if (repeated === undefined || values[key] === undefined) return;
  throw reader.invalid(`${key} stands more than once`, repeated);
}

function emptyValues(layout: Layout): Values {
  const values: Values = {};
  for (const child of layout.lists) values[child.key] = [];
  return values;
}

function requireAll(reader: Reader, layout: Layout, values: Values, version: number): void {
  for (const child of layout.required) {
    const expected = version >= child.first && version <= child.last;
    if (expected && values[child.key] === undefined) {
      throw reader.invalid(`${child.key} is missing`, child.missing);
    }
  }
}

/** The numbers of all elements of these structs. */
function idsOf(structs: readonly Schema[]): ReadonlySet<number> {
  return new Set(structs.flatMap((of) => layoutOfStruct(of).children.map(({ id }) => id)));
}

/** What is done with an element that a struct does not have. */
function strangerOf(refused: Refused | undefined): (reader: Reader, id: number) => void {
  if (refused === undefined) return passOver;
  const { status, elementsOf } = refused;
  const ids = idsOf(elementsOf);
  return (reader, id) => {
    if (ids.has(id)) throw reader.invalid(`${tagName(id)} is no element of it`, status);
    passOver(reader);
  };
}

/** The place of a child in a sequence, behind that of the one before. */
function nextPlace(reader: Reader, { children }: Layout, child: Child, last: number): number {
  const place = children.indexOf(child);
  if (place > last) return place;
  const path = reader.path;
  if (place === last) throw new WbxmlError(INVALID_XML, `${path}/${child.key}`, "stands twice");
  throw new OutOfOrder(INVALID_XML, path, `${child.key} stands behind ${children[last]?.key}`);
}

function structDecoder(layout: Layout, { refused, isSequence }: StructRules): Decoder {
  const readings = readingsOf(layout);
  const meetStranger = strangerOf(refused);
  return (reader, filled, version) => {
    const values = emptyValues(layout);
    let place = -1;
    let id = filled ? reader.next() : END_OF_ELEMENT;
    for (; id !== END_OF_ELEMENT; id = reader.next()) {
      const reading = readings.get(id);
      if (reading === undefined) {
        meetStranger(reader, id);
        continue;
      }
      if (isSequence === true) place = nextPlace(reader, layout, reading.child, place);
      refuseRepeated(reader, reading.child, values);
      put(values, reading.child, decodeChild(reader, reading, version));
    }
    requireAll(reader, layout, values, version);
    return values;
  };
}

function choicesDecoder(layout: Layout, misplaced: readonly Schema[] = []): Decoder {
  const readings = readingsOf(layout);
  const noticed = idsOf(misplaced);
  return (reader, filled, version) => {
    const choices: Values[] = [];
    let id = filled ? reader.next() : END_OF_ELEMENT;
    for (; id !== END_OF_ELEMENT; id = reader.next()) {
      const reading = readings.get(id);
      const value = reading && decodeChild(reader, reading, version);
      if (value !== undefined && reading !== undefined)
        choices.push({ [reading.child.key]: value });
      else if (reading === undefined) {
        if (noticed.has(id)) choices.push({ misplaced: true });
        passOver(reader);
      }
    }
    return choices;
  };
}

function textOrDecoder(other: Schema): Decoder {
  return (reader, filled, version) => {
    if (!filled || reader.atText()) return decodeText(reader, filled);
    return decoderOf(other)(reader, filled, version);
  };
}

type Classes = Readonly<Record<string, Schema>>;

/** The class of the item whose content comes next: told by a page that only one class has. */
function lookForClass(reader: Reader, byPage: ReadonlyMap<number, string>): string | undefined {
  const mark = reader.mark();
  let found: string | undefined;
  for (let id = reader.next(); id !== END_OF_ELEMENT; id = reader.next()) {
    found = byPage.get(Math.floor(id / 256));
    if (found !== undefined) break;
    if (reader.filled) reader.skip();
  }
  reader.reset(mark);
  return found;
}

function classDecoder(classes: Classes): Decoder {
  const byPage = classesByPage(classes);
  const decoderByClass = new Map(
    Object.entries(classes).map(([name, of]) => [name, decoderOf(of)]),
  );
  const [first = ""] = Object.keys(classes);
  return (reader, filled, version) => {
    const name = (filled ? lookForClass(reader, byPage) : undefined) ?? first;
    return readItem(reader, filled, () => ({
      [name]: decoderByClass.get(name)?.(reader, filled, version),
    }));
  };
}

/** An item that does not follow the protocol is of no class: it spoils no other one of its message. */
function readItem(reader: Reader, filled: boolean, read: () => object): object {
  const start = reader.mark();
  try {
    return read();
  } catch (error) {
    if (!(error instanceof WbxmlError) || error.status === INVALID_WBXML) throw error;
    reader.reset(start);
    if (filled) reader.skip();
    return {};
  }
}

/** What a class reads beside the elements of `extra`. */
interface ClassReadings {
  readonly layout: Layout;
  readonly readings: ReadonlyMap<number, Reading>;
}

function classReadings(of: Schema): ClassReadings {
  const layout = layoutOfStruct(of);
  return { layout, readings: readingsOf(layout) };
}

/** The elements of `extra` are beside those of the class; without the latter there is no class. */
function propertiesDecoder(classes: Classes, extra: Schema): Decoder {
  const byPage = classesByPage(classes);
  const byName = new Map(Object.entries(classes).map(([name, of]) => [name, classReadings(of)]));
  const [first = ""] = Object.keys(classes);
  const extras = classReadings(extra);
  return (reader, filled, version) => {
    const values = emptyValues(extras.layout);
    if (!filled) return values;
    const name = lookForClass(reader, byPage) ?? first;
    const its = byName.get(name) ?? extras;
    const item = emptyValues(its.layout);
    for (let id = reader.next(); id !== END_OF_ELEMENT; id = reader.next()) {
      const own = extras.readings.get(id);
      const reading = own ?? its.readings.get(id);
      if (reading === undefined) {
        passOver(reader);
        continue;
      }
      if (own === undefined) values[name] = item;
      put(own === undefined ? item : values, reading.child, decodeChild(reader, reading, version));
    }
    return values;
  };
}

/**
 * Decodes a message. Elements that the message does not have are passed over; those of a newer
 * version are read. Throws a WbxmlError.
 */
export function decode<T>(
  bytes: Buffer | StoredOctets,
  message: Message<T>,
  version: ProtocolVersion,
): T {
  const reader = new Reader(bytes);
  const id = reader.next();
  if (id !== rootId(message)) throw reader.invalid(`the root is not ${message.root}`);
  reader.enter(message.root);
  const value = decoderOf(message)(reader, reader.filled, rank(version));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoded by the schema of T
  return value as T;
}

function rootId({ page, root }: Message): number {
  return page.number * 256 + (page.tags[root]?.token ?? 0);
}
