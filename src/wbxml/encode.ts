import { rank } from "../../schemas/version.ts";
import { layoutOf } from "./layout.ts";
import { tagByName } from "./tag-names.ts";
import { formatCompact, formatDateTime } from "./values.ts";
import { Writer } from "./writer.ts";
import { isOctets, Utf8Text, type Octets } from "../kit/octets.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";
import type { Message, Schema, Shape, ValueKind } from "../../schemas/vocabulary.ts";
import type { Child, Layout } from "./layout.ts";

/** Writes the content of an element that was opened. */
type Encoder = (writer: Writer, value: unknown, version: number) => void;
type Values = Readonly<Record<string, unknown>>;

const encoders = new WeakMap<Schema, Encoder>();

function encoderOf(of: Schema): Encoder {
  const known = encoders.get(of);
  if (known !== undefined) return known;
  const encoder = compile(of.shape);
  encoders.set(of, encoder);
  return encoder;
}

function compile(shape: Shape): Encoder {
  switch (shape.kind) {
    case "struct":
      return (shape.isOrdered === true ? orderedEncoder : structEncoder)(
        layoutOf(shape.page, shape.fields),
      );
    case "choices":
      return choicesEncoder(layoutOf(shape.page, shape.fields));
    case "textOr":
      return (writer, value, version) => {
        if (typeof value === "string") writer.text(value);
        else encoderOf(shape.other)(writer, value, version);
      };
    case "byClass":
      return classEncoder(shape.classes, shape.extra);
    case "value":
      return valueEncoders[shape.value];
  }
}

/** A value that the types do not allow: a fault of the program, not of a message. */
function unfit(what: string, value: unknown): TypeError {
  return new TypeError(`${typeof value} where ${what} is wanted`);
}

function isValues(value: unknown): value is Values {
  return typeof value === "object" && value !== null;
}

function encodeText(writer: Writer, value: unknown): void {
  if (typeof value !== "string") throw unfit("a string", value);
  writer.text(value);
}

function encodeNumber(writer: Writer, value: unknown): void {
  if (typeof value !== "number" || !Number.isFinite(value)) throw unfit("a number", value);
  writer.text(String(value));
}

function encodeBytes(writer: Writer, value: unknown): void {
  if (!(value instanceof Uint8Array)) throw unfit("bytes", value);
  writer.opaque(value);
}

function encodeOctets(writer: Writer, value: unknown): void {
  if (isOctets(value)) writer.octets(value);
  else encodeBytes(writer, value);
}

function encodeMoment(format: (date: Date) => string): Encoder {
  return (writer, value) => {
    if (!(value instanceof Date)) throw unfit("a date", value);
    writer.text(format(value));
  };
}

const valueEncoders: Readonly<Record<ValueKind, Encoder>> = {
  text: encodeText,
  integer: encodeNumber,
  decimal: encodeNumber,
  boolean: (writer, value) => writer.text(value === true ? "1" : "0"),
  emptyTag: () => undefined,
  dateTime: encodeMoment(formatDateTime),
  compactDateTime: encodeMoment(formatCompact),
  opaque: encodeBytes,
  octets: encodeOctets,
  textOrBytes: (writer, value) => {
    if (typeof value === "string") writer.text(value);
    else if (value instanceof Utf8Text) writer.utf8(value.utf8);
    else encodeOctets(writer, value);
  },
  tagNames: encodeTagNames,
};

function encodeTagNames(writer: Writer, value: unknown): void {
  if (!Array.isArray(value)) throw unfit("an array", value);
  for (const name of value) {
    const tag = tagByName(String(name));
    if (tag === undefined) throw unfit("the name of a tag", name);
    writer.close(writer.open(tag.page.number, tag.token));
  }
}

type FieldEncoder = (writer: Writer, values: Values, version: number) => void;

/** Writes what a struct or choice has of a child: nothing, one element, or several. */
function fieldEncoder(child: Child): FieldEncoder {
  const { key, page, token, first, last } = child;
  const encodeContent = encoderOf(child.schema);
  const one: Encoder = (writer, value, version) => {
    const start = writer.open(page, token);
    encodeContent(writer, value, version);
    writer.close(start);
  };
  const many: Encoder = (writer, value, version) => {
    if (!Array.isArray(value)) throw unfit("an array", value);
    for (const each of value) one(writer, each, version);
  };
  const write = child.count === "many" ? many : one;
  return (writer, values, version) => {
    const value = values[key];
    if (value !== undefined && version >= first && version <= last) write(writer, value, version);
  };
}

function structEncoder(layout: Layout): Encoder {
  const encodeFields = layout.children.map(fieldEncoder);
  return (writer, value, version) => {
    if (!isValues(value)) throw unfit("an object", value);
    for (const encodeField of encodeFields) encodeField(writer, value, version);
  };
}

function orderedEncoder(layout: Layout): Encoder {
  const fields = new Map(layout.children.map((child) => [child.key, fieldEncoder(child)]));
  return (writer, value, version) => {
    if (!isValues(value)) throw unfit("an object", value);
    for (const key of Object.keys(value)) fields.get(key)?.(writer, value, version);
  };
}

function choicesEncoder(layout: Layout): Encoder {
  const encodeChoice = structEncoder(layout);
  return (writer, value, version) => {
    if (!Array.isArray(value)) throw unfit("an array", value);
    for (const choice of value) encodeChoice(writer, choice, version);
  };
}

function classEncoder(
  classes: Readonly<Record<string, Schema>>,
  extra: Schema | undefined,
): Encoder {
  const extras = extra && encoderOf(extra);
  const encoderByClass = Object.entries(classes).map(
    ([name, of]) => [name, encoderOf(of)] as const,
  );
  return (writer, value, version) => {
    if (!isValues(value)) throw unfit("an object", value);
    extras?.(writer, value, version);
    for (const [name, encodeItem] of encoderByClass) {
      if (value[name] !== undefined) encodeItem(writer, value[name], version);
    }
  };
}

/** Encodes a message that is all in memory; elements that the version does not have are left out. */
export function encode<T>(value: T, message: Message<T>, version: ProtocolVersion): Buffer {
  return written(value, message, version).finish();
}

/** Encodes a message; what it has of octets that are not in memory is read when the message is. */
export function encodeLarge<T>(
  value: T,
  message: Message<T>,
  version: ProtocolVersion,
): Buffer | Octets {
  return written(value, message, version).finishLarge();
}

function written<T>(value: T, message: Message<T>, version: ProtocolVersion): Writer {
  const writer = new Writer();
  const root = message.page.tags[message.root];
  const start = writer.open(message.page.number, root?.token ?? 0);
  encoderOf(message)(writer, value, rank(version));
  writer.close(start);
  return writer;
}
