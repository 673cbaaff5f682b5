import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { Recurring } from "./recurring.ts";

suite("What is made of texts that recur", () => {
  function counted(limits: { readonly most: number; readonly longest: number }) {
    const texts: string[] = [];
    const lengths = new Recurring((text) => {
      texts.push(text);
      return text === "" ? undefined : { length: text.length };
    }, limits);
    return { lengths, texts };
  }

  test("It is made once of each", () => {
    const { lengths, texts } = counted({ most: 2, longest: 10 });
    const one = lengths.of("one");
    assert.deepEqual(one, { length: 3 });
    assert.deepEqual(lengths.of("seven"), { length: 5 });
    assert.equal(lengths.of("one"), one);
    assert.deepEqual(texts, ["one", "seven"]);
  });

  test("No more are kept than may be, none that is long, and nothing that is undefined", () => {
    const { lengths, texts } = counted({ most: 2, longest: 3 });
    for (const text of ["one", "two", "one", "three", "three", "", ""]) lengths.of(text);
    assert.deepEqual(texts, ["one", "two", "three", "three", "", ""]);
    for (const text of ["six", "six", "one", "two"]) lengths.of(text);
    assert.deepEqual(texts.slice(6), ["six", "one", "two"]);
  });
});
