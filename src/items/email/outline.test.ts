import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";
import fc from "fast-check";
import { fixture } from "../../../test/fixtures/mime/mails.ts";
import { octetsOf, type Octets } from "../../kit/octets.ts";
import type { Part } from "./message.ts";
import { parseMessage } from "./mime.ts";
import { outlineOf, type Outline } from "./outline.ts";

const corpus = new URL("../../../../shared/corpus/mime/", import.meta.url);
const skip = existsSync(corpus) ? false : "no ../shared: the corpus of mails is not tried";

/** A mail that comes in pieces of this size. */
function inPieces(bytes: Buffer, size: number): Octets {
  async function* stream(): AsyncGenerator<Buffer> {
    for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
  }
  return { sizeBytes: bytes.length, stream };
}

/** Without what an outline does not look into. */
function shallow(part: Part): unknown {
  const { envelope: _envelope, children, ...told } = part;
  return { ...told, children: part.type === "multipart" ? children.map(shallow) : [] };
}

function checkPlaces(outline: Outline, bytes: Buffer): void {
  const { part, header, start, bodyStart, end, children } = outline;
  assert.ok(start <= bodyStart && bodyStart <= end && end <= bytes.length);
  assert.deepEqual(header, bytes.subarray(start, bodyStart));
  let at = bodyStart;
  for (const child of children) {
    assert.ok(child.start >= at && child.end <= end, `${part.section} holds its parts in order`);
    at = child.end;
    checkPlaces(child, bytes);
  }
}

async function check(bytes: Buffer, size: number): Promise<void> {
  const outline = await outlineOf(inPieces(bytes, size));
  assert.deepEqual(shallow(outline.part), shallow(parseMessage(bytes).structure));
  checkPlaces(outline, bytes);
}

describe("an outline", () => {
  const names = "alternative broken flowed japanese nested plain-latin1 related report signed";
  for (const name of names.split(" ")) {
    it(`is what the whole mail's structure is, however it comes: ${name}`, async () => {
      for (const size of [1, 7, 64, 100_000]) await check(fixture(name), size);
    });
  }

  it("and so it is for the corpus", { skip }, async (t) => {
    for (const name of readdirSync(corpus)) {
      await t.test(name, () => check(readFileSync(new URL(name, corpus)), 1000));
    }
  });

  it("never fails", async () => {
    const line = fc.constantFrom(
      "Content-Type: multipart/mixed; boundary=a",
      "Content-Type: multipart/digest; boundary=b",
      "--a",
      "--a--",
      "--b",
      "--b--",
      "",
      "words",
      " folded",
    );
    const mail = fc.tuple(fc.array(line, { maxLength: 30 }), fc.constantFrom("\n", "\r\n"));
    await fc.assert(
      fc.asyncProperty(mail, fc.integer({ min: 1, max: 50 }), async ([lines, end], size) => {
        await check(Buffer.from(lines.join(end)), size);
      }),
      { numRuns: 500 },
    );
  });

  it("holds a header without an end only up to its limit", async () => {
    const bytes = Buffer.alloc(9 * 1024 * 1024, "x");
    const { header } = await outlineOf(octetsOf(bytes));
    assert.ok(header.length <= 5 * 1024 * 1024);
  });
});
