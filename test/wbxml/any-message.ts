/** Messages of the protocol with random valid contents, made from the schemas. */
import fc from "fast-check";
import { codePages } from "../../schemas/code-pages.ts";
import { rank, type ProtocolVersion } from "../../schemas/version.ts";
import type { Message, Schema, ValueKind } from "../../schemas/vocabulary.ts";
import { clean } from "../../src/wbxml/clean.ts";
import {
  classesByPage,
  layoutOf,
  layoutOfStruct,
  type Child,
  type Layout,
} from "../../src/wbxml/layout.ts";

type Values = Record<string, unknown>;

const anyText = fc.string({ unit: "binary", maxLength: 60 }).map(clean);
const someText = anyText.filter((text) => text !== "");
const someBytes = fc
  .uint8Array({ minLength: 1, maxLength: 200 })
  .map((bytes) => Buffer.from(bytes));
const seconds = fc.integer({ min: -2_000_000_000, max: 4_000_000_000 });
const tagNames = codePages.flatMap(({ prefix, tags }) =>
  Object.keys(tags).map((name) => `${prefix}:${name}`),
);

const values: Readonly<Record<ValueKind, fc.Arbitrary<unknown>>> = {
  text: anyText,
  integer: fc.integer(),
  decimal: fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => value + 0),
  boolean: fc.boolean(),
  emptyTag: fc.constant(true),
  dateTime: seconds.map((second) => new Date(second * 1000 + 123)),
  compactDateTime: seconds.map((second) => new Date(second * 1000)),
  opaque: someBytes,
  octets: someBytes,
  textOrBytes: fc.oneof(someText, someBytes),
  tagNames: fc.array(fc.constantFrom(...tagNames), { maxLength: 5 }),
};

function children(layout: Layout, version: number): Child[] {
  return layout.children.filter(({ first, last }) => version >= first && version <= last);
}

function arbitraryChild(child: Child, version: number): fc.Arbitrary<unknown> {
  const one = arbitrary(child.schema, version);
  return child.count === "many" ? fc.array(one, { maxLength: 2 }) : one;
}

function arbitraryStruct(layout: Layout, version: number): fc.Arbitrary<Values> {
  const present = children(layout, version);
  const entries = present.map((child) => [child.key, arbitraryChild(child, version)] as const);
  const lists = Object.fromEntries(layout.lists.map(({ key }) => [key, []]));
  return fc
    .record(Object.fromEntries(entries), {
      requiredKeys: present.filter(({ count }) => count !== "optional").map(({ key }) => key),
      noNullPrototype: true,
    })
    .map((item) => ({ ...lists, ...item }));
}

function arbitraryClass(
  classes: Readonly<Record<string, Schema>>,
  version: number,
): fc.Arbitrary<Values> {
  const byPage = classesByPage(classes);
  const each = Object.entries(classes).flatMap(([name, schema]) => {
    const layout = layoutOfStruct(schema);
    const telling = children(layout, version).filter(({ page }) => byPage.get(page) === name);
    if (telling.length === 0) return [];
    // An item of shared elements alone would be taken for the first class.
    return arbitraryStruct(layout, version)
      .filter((item) => telling.some(({ key }) => item[key] !== undefined))
      .map((item): Values => ({ [name]: item }));
  });
  return fc.oneof(...each);
}

/** Any valid value of a schema in a version. */
function arbitrary({ shape }: Schema, version: number): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case "value":
      return values[shape.value];
    case "struct":
      return arbitraryStruct(layoutOf(shape.page, shape.fields), version);
    case "choices": {
      const each = children(layoutOf(shape.page, shape.fields), version).map((child) =>
        arbitrary(child.schema, version).map((value) => ({ [child.key]: value })),
      );
      // A command of later versions has nothing to choose from.
      if (each.length === 0) return fc.constant([]);
      return fc.array(fc.oneof(...each), { minLength: 1, maxLength: 2 });
    }
    case "textOr":
      return fc.oneof(someText, arbitrary(shape.other, version));
    case "byClass": {
      const item = arbitraryClass(shape.classes, version);
      if (shape.extra === undefined) return item;
      const extra = arbitraryStruct(layoutOfStruct(shape.extra), version);
      return fc.oneof(
        extra,
        fc.tuple(extra, item).map(([one, other]) => ({ ...one, ...other })),
      );
    }
  }
}

/** Any valid value of a message in a version. */
export function anyMessage(message: Message, version: ProtocolVersion): fc.Arbitrary<unknown> {
  return arbitrary(message, rank(version));
}
