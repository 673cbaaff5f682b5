import assert from "node:assert/strict";
import { test } from "node:test";
import { categoryOf, keywordOf } from "./flags.ts";

test("Flags: keywords become categories, whatever their names", () => {
  assert.equal(categoryOf("$Label1"), "Important");
  for (const keyword of ["constructor", "__proto__", "toString"]) {
    assert.equal(categoryOf(keyword), keyword);
    assert.equal(categoryOf(keywordOf(keyword)), keyword);
  }
});
