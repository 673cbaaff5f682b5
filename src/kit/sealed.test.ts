import assert from "node:assert/strict";
import { test } from "node:test";
import { Seal } from "./sealed.ts";

test("Seal: what was sealed opens with the same words and for the same purpose alone", () => {
  const seal = new Seal("correct horse");
  const sealed = seal.seal("1234-é", "device 7");
  assert.equal(new Seal("correct horse").open(sealed, "device 7"), "1234-é");
  assert.equal(seal.open(sealed, "device 8"), undefined);
  assert.equal(new Seal("another horse").open(sealed, "device 7"), undefined);
  assert.ok(!sealed.includes("1234"));
});

test("Seal: the same text is never sealed the same way twice, and damage is noticed", () => {
  const seal = new Seal("words");
  const sealed = seal.seal("secret", "x");
  assert.notDeepEqual(seal.seal("secret", "x"), sealed);
  for (const at of [0, 13, sealed.length - 1]) {
    const damaged = Buffer.from(sealed);
    damaged[at] = (damaged[at] ?? 0) ^ 1;
    assert.equal(seal.open(damaged, "x"), undefined);
  }
  assert.equal(seal.open(Buffer.alloc(5), "x"), undefined);
});
