import assert from "node:assert/strict";
import { test } from "node:test";
import { categoriesIn, withCategories, withFollowUp } from "./inner-labels.ts";

test("labels beside the categories stay when categories change, and the other way round", () => {
  const other = "\u0001another:5";
  const labels = withFollowUp([other, "Blue", "Red"], 3);
  assert.deepEqual(categoriesIn(labels), ["Blue", "Red"]);
  assert.deepEqual(withCategories(labels, ["Green"]), withFollowUp([other, "Green"], 3));
  assert.notDeepEqual(withFollowUp(labels, 4), labels);
  assert.deepEqual(withFollowUp(labels, undefined), [other, "Blue", "Red"]);
});

test("a category that looks like one of them is none", () => {
  assert.deepEqual(withCategories([], ["\u0001flag:1", "Red"]), ["Red"]);
});
