import assert from "node:assert/strict";
import { test } from "node:test";
import { match } from "./match.ts";

const answer =
  "<Sync><Status>1</Status><Add><Id>a</Id></Add><Add><Id>b</Id><Type>2</Type></Add></Sync>";

function differs(expected: string, exact = false): string {
  const found = match(expected, answer, new Map(), exact);
  return "differs" in found ? found.differs : "";
}

test("Dialog match: a pattern finds the element that fits and binds its values", () => {
  const expected = "<Sync><Add><Id>$id</Id><Type>2</Type></Add></Sync>";
  const found = match(expected, answer, new Map(), false);
  assert.ok("bindings" in found);
  assert.equal(found.bindings.get("id"), "b");
});

test("Dialog match: a bound name must come again", () => {
  const found = match("<Sync><Status>$s</Status></Sync>", answer, new Map([["s", "2"]]), false);
  assert.deepEqual(found, { differs: '<Status> is "1", expected "2"' });
});

test("Dialog match: order counts", () => {
  assert.notEqual(differs("<Sync><Add><Id>b</Id></Add><Add><Id>a</Id></Add></Sync>"), "");
});

test("Dialog match: an exact expectation allows nothing more", () => {
  assert.notEqual(differs("<Sync><Status>1</Status></Sync>", true), "");
  assert.equal(differs(answer, true), "");
});

test("Dialog match: what must be absent is missed nowhere", () => {
  assert.equal(differs("<Sync><Status>1</Status><Commands>!</Commands><Add/></Sync>"), "");
  assert.match(differs("<Sync><Add>!</Add></Sync>"), /must be absent/);
});

test("Dialog match: an empty body is told from any other", () => {
  assert.deepEqual(match("", "<A/>", new Map(), true), { differs: "the body is not empty" });
  assert.deepEqual(match("<A/>", "", new Map(), false), { differs: "the body is empty" });
});
