import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { collectionIdOf } from "./mailbox.ts";
import { parseReference, referenceOf, serialOf } from "./references.ts";

test("every reference comes back as it went out and stays short", () => {
  const found = fc.record({
    collectionId: fc.integer({ min: 1, max: 2 ** 31 - 1 }).map(collectionIdOf),
    epoch: fc.integer({ min: 1, max: 2 ** 32 - 1 }).map(String),
    number: fc.integer({ min: 1, max: 2 ** 32 - 1 }),
    section: fc.constantFrom("", "1", "2.1.13"),
  });
  fc.assert(
    fc.property(found, (each) => {
      const reference = referenceOf(each);
      assert.ok(reference.length <= 64);
      assert.deepEqual(parseReference(reference), { ...each });
    }),
  );
});

test("what is not of this form is no reference", () => {
  const wrong = [
    "",
    "f1",
    "f1:2",
    "f0:1:1",
    "g1:1:1",
    "f1:1:0",
    "f1:1:1:",
    "f1:1:1:1.",
    "f1:1:1:TEXT",
  ];
  const hostile = ["f1:1:1:1] LOGOUT", "f1:1:1\r\n", `f1:1:${"9".repeat(300)}`];
  for (const each of [...wrong, ...hostile]) assert.equal(parseReference(each), undefined, each);
});

test("a CollectionId that was never given has no serial", () => {
  assert.equal(serialOf("f2a"), 42);
  for (const each of ["", "0", "f", "f0", "F1", "f01", "fffffffff"]) {
    assert.equal(serialOf(each), undefined, each);
  }
});
