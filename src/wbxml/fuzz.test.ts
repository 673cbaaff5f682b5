import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { codePages } from "../../schemas/code-pages.ts";
import { commands } from "../../schemas/commands.ts";
import { rank } from "../../schemas/version.ts";
import { clean } from "./clean.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { WbxmlError } from "./error.ts";
import { classesByPage, layoutOf, layoutOfStruct } from "./layout.ts";
import { fromXml, toXml } from "./xml.ts";
import type { Command } from "../../schemas/command.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";
import type { Message, Schema, ValueKind } from "../../schemas/vocabulary.ts";
import type { Child, Layout } from "./layout.ts";

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

const tried: ProtocolVersion[] = ["12.1", "14.1", "16.1"];

describe("any valid message", () => {
  for (const command of Object.values<Command>(commands)) {
    it(`of ${command.name} comes back as it was, from bytes and from XML`, () => {
      for (const version of tried) {
        comesBack(command.request, version);
        comesBack(command.response, version);
      }
    });
  }
});

function comesBack(message: Message, version: ProtocolVersion): void {
  const check = (value: unknown): void => {
    const bytes = encode(value, message, version);
    assert.deepEqual(decode(bytes, message, version), value);
    assert.ok(fromXml(toXml(bytes)).equals(bytes));
  };
  const newestRoot = message.page.tags[message.root];
  if (newestRoot === undefined) return;
  fc.assert(fc.property(arbitrary(message, rank(version)), check), { numRuns: 15 });
}

const fixtures = new URL("../../test/fixtures/wbxml/", import.meta.url);
const seeds = readdirSync(fixtures)
  .filter((file) => file.endsWith(".wbxml"))
  .map((file) => readFileSync(new URL(file, fixtures)));

/** A change of some bytes: one replaced, some put in, some taken out. */
const mutation = fc.record({
  at: fc.nat({ max: 5000 }),
  taken: fc.nat({ max: 4 }),
  put: fc.uint8Array({ maxLength: 4 }),
});

function withMutations(
  seed: Buffer,
  all: readonly { at: number; taken: number; put: Uint8Array }[],
) {
  return all.reduce((bytes, { at, taken, put }) => {
    const start = at % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, start), put, bytes.subarray(start + taken)]);
  }, seed);
}

function endsWell(run: () => unknown): void {
  try {
    run();
  } catch (error) {
    assert.ok(error instanceof WbxmlError, String(error));
    assert.ok(error.status > 1);
  }
}

function allDecode(bytes: Buffer): void {
  for (const { request, response } of Object.values<Command>(commands)) {
    endsWell(() => decode(bytes, request, "14.1"));
    endsWell(() => decode(bytes, response, "16.1"));
  }
  endsWell(() => toXml(bytes));
}

describe("bytes of any kind decode or are refused", () => {
  it("random ones", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => allDecode(Buffer.from(bytes))),
    );
  });

  it("random ones after a header", () => {
    const page = fc.nat({ max: 27 });
    fc.assert(
      fc.property(page, fc.uint8Array({ maxLength: 300 }), (number, bytes) =>
        allDecode(Buffer.from([3, 1, 0x6a, 0, 0, number, ...bytes])),
      ),
    );
  });

  it("mutated messages", () => {
    const seed = fc.constantFrom(...seeds);
    const mutations = fc.array(mutation, { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(seed, mutations, (bytes, all) => allDecode(withMutations(bytes, all))),
      { numRuns: 1000 },
    );
  });
});
