import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { clipped, coarsened, normalised, numbersWithin, rangesOf } from "./ranges.ts";

const someNumbers = fc
  .uniqueArray(fc.integer({ min: 1, max: 300 }), { maxLength: 60 })
  .map((numbers) => numbers.toSorted((a, b) => a - b));
const someRanges = fc.array(
  fc
    .tuple(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 0, max: 20 }))
    .map(([low, length]) => ({ low, high: low + length })),
  { maxLength: 20 },
);

test("Ranges of numbers hold exactly these numbers", () => {
  fc.assert(
    fc.property(someNumbers, (numbers) => {
      const spread = rangesOf(numbers).flatMap(({ low, high }) =>
        Array.from({ length: high - low + 1 }, (_, index) => low + index),
      );
      assert.deepEqual(spread, numbers);
    }),
  );
});

test("Numbers within ranges are those that some range holds, whatever the order and overlap", () => {
  fc.assert(
    fc.property(someNumbers, someRanges, (numbers, ranges) => {
      const expected = numbers.filter((number) =>
        ranges.some(({ low, high }) => low <= number && number <= high),
      );
      assert.deepEqual(numbersWithin(numbers, ranges), expected);
    }),
  );
});

test("Coarsened ranges cover the same numbers, are few, and stay inside the hull", () => {
  fc.assert(
    fc.property(someRanges, fc.integer({ min: 1, max: 5 }), (ranges, most) => {
      const coarse = coarsened(ranges, most);
      assert.ok(coarse.length <= most);
      for (const range of ranges) assert.deepEqual(clipped(coarse, range), [range]);
      assert.deepEqual(normalised(coarse), coarse);
      const ends = (list: typeof ranges) => [
        Math.min(...list.map(({ low }) => low)),
        Math.max(...list.map(({ high }) => high)),
      ];
      assert.deepEqual(ends(coarse), ends(ranges));
    }),
  );
});

test("Coarsening closes the smallest gaps first", () => {
  const ranges = [
    { low: 1, high: 2 },
    { low: 4, high: 5 },
    { low: 100, high: 101 },
  ];
  assert.deepEqual(coarsened(ranges, 2), [
    { low: 1, high: 5 },
    { low: 100, high: 101 },
  ]);
});
