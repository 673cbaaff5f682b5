import assert from "node:assert/strict";
import { readFileSync, readdirSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { commands } from "../../schemas/commands.ts";
import { anyMessage } from "../../test/wbxml/any-message.ts";
import { decode } from "./decode.ts";
import { encode } from "./encode.ts";
import { WbxmlError } from "./error.ts";
import { fromXml, toXml } from "./xml.ts";
import type { Command } from "../../schemas/command.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";
import type { Message } from "../../schemas/vocabulary.ts";

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
  fc.assert(fc.property(anyMessage(message, version), check), { numRuns: 15 });
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
