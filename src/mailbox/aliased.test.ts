import assert from "node:assert/strict";
import { test } from "node:test";
import type { Changes, Feed, NumberRange } from "../feed.ts";
import { aliasedFeed, aliasesOf, editIn, noAliases, withEdit, withoutEdit } from "./aliased.ts";

const known = { epoch: "1", mark: 0n, next: 1, count: 0 };
const all: NumberRange = { low: 1, high: 1000 };

/** A feed over UIDs: what is alive (with its version) and what is gone. */
function feedOf(alive: Readonly<Record<number, number>>, gone: readonly number[]): Feed {
  const items = (range: NumberRange) =>
    Object.entries(alive)
      .map(([uid, version]) => ({ number: Number(uid), version, day: 1 }))
      .filter(({ number }) => range.low <= number && number <= range.high);
  return {
    position: async () => known,
    changed: async (range): Promise<Changes> => ({
      items: items(range),
      gone: gone
        .filter((uid) => range.low <= uid && uid <= range.high)
        .map((uid) => ({ low: uid, high: uid })),
    }),
    newest: async (range) => ({ items: items(range).toReversed(), reached: range.low }),
    within: async (range) => items(range).map(({ number }) => ({ low: number, high: number })),
    withinKnown: async (ranges) => ranges,
  };
}

const aliases = aliasesOf([{ number: 5, uid: 20, editor: null, parts: {} }]);

test("a feed without aliases is the feed itself", () => {
  const feed = feedOf({}, []);
  assert.equal(aliasedFeed(feed, noAliases), feed);
});

test("old UID gone and new UID there is a change under the first number", async () => {
  const feed = aliasedFeed(feedOf({ 7: 0, 20: 3 }, [5, 6]), aliases);
  const { items, gone } = await feed.changed(all, known);
  assert.deepEqual(
    items.map(({ number, version }) => [number, version]),
    [
      [7, 0],
      [5, 3],
    ],
  );
  // The UID of a version is no item of its own: who was told of it before the alias is told that it went.
  assert.deepEqual(gone, [
    { low: 6, high: 6 },
    { low: 20, high: 20 },
  ]);
});

test("the new UID gone is the first number gone", async () => {
  const feed = aliasedFeed(feedOf({ 7: 0 }, [5, 20]), aliases);
  assert.deepEqual((await feed.changed(all, known)).gone, [
    { low: 20, high: 20 },
    { low: 5, high: 5 },
    { low: 20, high: 20 },
  ]);
});

test("a range without the first number does not name the item, one with it does", async () => {
  const feed = aliasedFeed(feedOf({ 20: 3, 21: 0 }, []), aliases);
  const high = await feed.changed({ low: 10, high: 30 }, known);
  assert.deepEqual(
    high.items.map(({ number }) => number),
    [21],
  );
  const low = await feed.changed({ low: 1, high: 9 }, known);
  assert.deepEqual(
    low.items.map(({ number }) => number),
    [5],
  );
});

test("newest and within go by first numbers", async () => {
  const feed = aliasedFeed(feedOf({ 7: 0, 20: 3 }, []), aliases);
  assert.deepEqual(
    (await feed.newest({ low: 1, high: 9 }, 10)).items.map(({ number }) => number),
    [7, 5],
  );
  assert.deepEqual(await feed.within({ low: 1, high: 6 }, 1), [{ low: 5, high: 5 }]);
});

test("an aliased item is told whenever it was changed, and its labels tell the version", async () => {
  const quiet = { ...feedOf({ 20: 3 }, []), changed: async () => ({ items: [], gone: [] }) };
  const { items } = await aliasedFeed(quiet, aliases).changed(all, known);
  assert.deepEqual(items, [{ number: 5, version: 3, day: 1, labels: withEdit(20, []) }]);
});

test("a version that came after the position says nothing yet", async () => {
  const feed = aliasedFeed(feedOf({ 7: 0 }, [5]), aliases, { next: 20 });
  assert.deepEqual((await feed.changed(all, known)).gone, [{ low: 20, high: 20 }]);
  assert.deepEqual(await feed.withinKnown([{ low: 5, high: 7 }], 1), [
    { low: 6, high: 7 },
    { low: 5, high: 5 },
  ]);
});

test("where aliases of gone items were removed, every number without an item is told to be gone", async () => {
  const mark = { number: 0, uid: 0, editor: null, parts: {} };
  const rows = [
    mark,
    { number: 5, uid: 20, editor: null, parts: {} },
    { number: 9, uid: 12, editor: null, parts: {} },
    { number: 11, uid: 31, editor: null, parts: {} },
  ];
  const heard: number[][] = [];
  const onGone = (gone: readonly { number: number }[]) =>
    heard.push(gone.map(({ number }) => number));
  // 2 and 3 had aliases once; the version 31 came after the position.
  const feed = aliasedFeed(feedOf({ 1: 0, 20: 3, 25: 0, 31: 0 }, []), aliasesOf(rows), {
    next: 30,
    onGone,
  });
  const { items, gone } = await feed.changed({ low: 1, high: 4_294_967_295 }, known);
  assert.deepEqual(new Set(items.map(({ number }) => number)), new Set([1, 5, 25]));
  assert.deepEqual(gone, [
    { low: 2, high: 4 },
    { low: 6, high: 10 },
    { low: 12, high: 24 },
    { low: 26, high: 29 },
  ]);
  assert.deepEqual(heard, [[9]]);
  const onlyMark = aliasedFeed(feedOf({ 7: 0 }, []), aliasesOf([mark]), { next: 9 });
  assert.deepEqual((await onlyMark.changed({ low: 4, high: 20 }, known)).gone, [
    { low: 4, high: 6 },
    { low: 8, high: 8 },
  ]);
});

test("many versions are asked for in one go", async () => {
  const rows = Array.from({ length: 50 }, (_, at) => ({
    number: at + 1,
    uid: 100 + at,
    editor: null,
    parts: {},
  }));
  const there = feedOf(Object.fromEntries(rows.map(({ uid }) => [uid, 1])), []);
  let asked = 0;
  const counted: Feed = { ...there, newest: (...range) => (asked++, there.newest(...range)) };
  const { items } = await aliasedFeed(counted, aliasesOf(rows)).changed(
    { low: 1, high: 99 },
    known,
  );
  assert.deepEqual([items.length, asked], [50, 1]);
});

test("a part of an earlier version is found where it is now, one that was taken out is not", () => {
  const parts = { "5:": "", "5:3": "2", "12:": "", "12:3": "2" };
  const found = aliasesOf([{ number: 5, uid: 20, editor: null, parts }]);
  assert.deepEqual(found.find(5, "3"), { number: 5, section: "2" });
  assert.deepEqual(found.find(12, ""), { number: 5, section: "" });
  assert.deepEqual(found.find(20, "2"), { number: 5, section: "2" });
  assert.equal(found.find(5, "2"), undefined);
  assert.deepEqual(found.find(7, "2"), { number: 7, section: "2" });
});

test("labels tell categories and version apart", () => {
  const labels = withEdit(20, withEdit(12, ["Work"]));
  assert.deepEqual(
    [withoutEdit(labels), editIn(labels), editIn(["Work"])],
    [["Work"], 20, undefined],
  );
});
