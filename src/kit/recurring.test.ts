import assert from "node:assert/strict";
import { memoryUsage } from "node:process";
import { suite, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
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

  test("Of a long text of which one is a piece nothing is kept", () => {
    const { lengths } = counted({ most: 1000, longest: 100 });
    setFlagsFromString("--expose-gc");
    const gc = runInNewContext("gc") as () => void;
    gc();
    const before = memoryUsage().heapUsed;
    for (let at = 0; at < 400; at++) {
      lengths.of(`a recurring text of number ${at}${" ".repeat(100_000)}`.trim());
    }
    gc();
    // 40 MB of blanks would be.
    assert.ok(memoryUsage().heapUsed - before < 20_000_000);
    assert.equal(lengths.of("a recurring text of number 0")?.length, 28);
  });
});
