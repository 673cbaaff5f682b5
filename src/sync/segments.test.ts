import assert from "node:assert/strict";
import { suite, test } from "node:test";
import fc from "fast-check";
import { segmentsMost, topNumber } from "./limits.ts";
import {
  bounded,
  firstBehind,
  painted,
  sameStanding,
  type Segment,
  type Standing,
  wentBack,
  whole,
  withLarge,
} from "./segments.ts";

function at(mark: number): Standing {
  return { mark: BigInt(mark), next: 100, count: 50 };
}

const strokes = fc.array(
  fc.record({
    low: fc.integer({ min: 1, max: 200 }),
    length: fc.integer({ min: 0, max: 80 }),
    mark: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
  }),
  { maxLength: 30 },
);

function assertWellFormed(segments: readonly Segment[]): void {
  assert.equal(segments[0]?.high, topNumber);
  assert.equal(segments.at(-1)?.low, 1);
  for (const [index, segment] of segments.entries()) {
    assert.ok(segment.low <= segment.high);
    const below = segments[index + 1];
    if (below === undefined) continue;
    assert.equal(below.high, segment.low - 1);
    assert.ok(!sameStanding(segment.at, below.at), "neighbours that stand equal are merged");
  }
}

function markAt(segments: readonly Segment[], number: number): bigint | undefined {
  return segments.find(({ low, high }) => low <= number && number <= high)?.at?.mark;
}

suite("Segments", () => {
  test("Painting keeps every number in exactly one segment, with the mark painted last", () => {
    fc.assert(
      fc.property(strokes, (list) => {
        let segments = whole(undefined);
        const expected = new Map<number, bigint | undefined>();
        for (const { low, length, mark } of list) {
          const standing = mark === undefined ? undefined : at(mark);
          segments = painted(segments, { low, high: low + length }, standing);
          for (let number = low; number <= low + length; number += 1) {
            expected.set(number, standing?.mark);
          }
        }
        assertWellFormed(segments);
        for (const [number, mark] of expected) assert.equal(markAt(segments, number), mark);
      }),
    );
  });

  test("The first segment behind is the topmost that stands elsewhere", () => {
    const segments = painted(whole(at(1)), { low: 50, high: topNumber }, at(2));
    assert.deepEqual(firstBehind(segments, at(2)), { low: 1, high: 49, at: at(1), large: false });
    assert.equal(firstBehind(whole(at(2)), at(2)), undefined);
  });

  test("A lower mark or a lower next than any segment's means that the collection went back", () => {
    const segments = painted(whole(undefined), { low: 50, high: topNumber }, at(5));
    assert.equal(wentBack(segments, at(5)), false);
    assert.equal(wentBack(segments, at(4)), true);
    assert.equal(wentBack(segments, { ...at(6), next: 99 }), true);
  });

  test("What is known to be large stays so below the window and not above it", () => {
    const segments = withLarge(painted(whole(at(1)), { low: 50, high: topNumber }, at(2)), 49);
    assert.deepEqual(
      painted(segments, { low: 40, high: 49 }, at(2)).map(({ low, large }) => [low, large]),
      [
        [40, false],
        [1, true],
      ],
    );
  });

  test("Too many segments are merged from the bottom, standing at the older place", () => {
    let segments = whole(at(1));
    for (let step = 2; step <= segmentsMost + 10; step += 1) {
      segments = painted(segments, { low: step * 10, high: topNumber }, at(step));
    }
    const few = bounded(segments);
    assert.equal(few.length, segmentsMost);
    assertWellFormed(few);
    for (let number = 5; number < 800; number += 10) {
      const before = markAt(segments, number) ?? 0n;
      const after = markAt(few, number) ?? 0n;
      assert.ok(after <= before, "no number is taken for newer than it is");
    }
  });

  test("An unexplored segment makes what it is merged with unexplored", () => {
    let segments = whole(undefined);
    for (let step = 2; step <= segmentsMost + 2; step += 1) {
      segments = painted(segments, { low: step * 10, high: topNumber }, at(step));
    }
    assert.equal(bounded(segments).at(-1)?.at, undefined);
    assert.equal(bounded(segments).at(-1)?.high, 39);
  });
});
