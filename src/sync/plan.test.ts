import assert from "node:assert/strict";
import { suite, test } from "node:test";
import { memoryScene, place, told } from "../../test/sync/scene.ts";
import type { Feed } from "../feed.ts";
import { InvalidSyncKey } from "./types.ts";

const unread = { version: 0, labels: [] };
const read = { version: 1, labels: [] };

suite("Plan: what is asked", () => {
  test("A Sync without a change asks for the position alone and reads the head row alone", async () => {
    const scene = memoryScene();
    scene.arrive(300);
    const key = await scene.settled();
    scene.asked();
    scene.rows.calls.clear();
    const synced = await scene.sync(key);
    assert.deepEqual(told(synced), []);
    assert.deepEqual(scene.asked(), ["position"]);
    assert.deepEqual(Object.fromEntries(scene.rows.calls), { take: 1, release: 1 });
  });

  test("A flag that changed rewrites one known row of at most 1.3 KB", async () => {
    const scene = memoryScene();
    scene.arrive(10_000);
    const key = await scene.settled({ windowSize: 512 });
    scene.server.change([4321], () => read);
    scene.rows.calls.clear();
    const blocks: number[] = [];
    const rows = {
      ...scene.rows,
      commit: (...of: Parameters<typeof scene.rows.commit>) => {
        blocks.push(...of[2].blocks.map(([block]) => block));
        return scene.rows.commit(...of);
      },
    };
    scene.states = scene.process(rows);
    assert.deepEqual(told(await scene.sync(key)), ["change 4321"]);
    assert.deepEqual(blocks, [2]);
    assert.ok(scene.rows.size(place).largest <= 1331);
  });

  test("A first sync tells the newest first, in windows, without asking for what it does not tell", async () => {
    const scene = memoryScene();
    scene.arrive(250);
    const first = await scene.sync("0");
    assert.equal(first.more, true);
    assert.equal(first.operations[0]?.number, 250);
    assert.equal(first.operations.at(-1)?.number, 151);
    const second = await scene.sync(first.key);
    const third = await scene.sync(second.key);
    assert.equal(third.operations.length, 50);
    assert.equal(third.more, false);
    assert.ok(scene.server.lines < 4 * 4 * 101);
    assert.deepEqual(new Set(scene.asked()), new Set(["position", "newest"]));
  });

  test("What the next plan will ask first is told with a window that leaves more to look at", async () => {
    const scene = memoryScene();
    scene.arrive(250);
    const first = await scene.plan((await scene.open("0")).head);
    const position = await scene.server.position();
    assert.deepEqual(first.upcoming, { position, range: { low: 1, high: 150 }, limit: 101 });
    const questions: unknown[] = [];
    const heard: Feed = {
      position: () => scene.server.position(),
      changed: (...asked) => scene.server.changed(...asked),
      newest: (...[range, limit]) => {
        questions.push({ range, limit });
        return scene.server.newest(range, limit);
      },
      within: (...asked) => scene.server.within(...asked),
      withinKnown: (...asked) => scene.server.withinKnown(...asked),
    };
    const window = { windowSize: 100, sinceDay: 0 };
    const second = await scene.states.plan(first.next, heard, window);
    assert.deepEqual(questions, [{ range: { low: 1, high: 150 }, limit: 101 }]);
    assert.deepEqual(second.upcoming?.range, { low: 1, high: 50 });
    const third = await scene.states.plan(second.next, heard, window);
    assert.equal(third.upcoming, undefined);
  });

  test("An empty folder and a first window that holds all say that there is no more", async () => {
    const scene = memoryScene();
    assert.deepEqual(await scene.plan((await scene.open("0")).head).then(told), []);
    const other = memoryScene();
    other.arrive(100);
    assert.equal((await other.sync("0")).more, false);
  });

  test("50,000 flags at once reach the device at a linear cost", async () => {
    const scene = memoryScene("qresync");
    scene.arrive(50_000);
    let key = await scene.settled({ windowSize: 512 });
    scene.server.change(scene.server.numbers(), () => read);
    scene.server.lines = 0;
    // Windows of 1,000 as 100 would take 500 passes of the model server over 50,000 items.
    let changed = 0;
    for (let more = true; more;) {
      const synced = await scene.sync(key, { windowSize: 1000 });
      ({ key, more } = synced);
      changed += synced.operations.length;
    }
    assert.equal(changed, 50_000);
    assert.ok(scene.server.lines <= 50_000 + 4 * 50_000, `${scene.server.lines} lines`);
  });

  test("A large change that turns out invisible is not asked slice by slice for ever", async () => {
    const scene = memoryScene();
    scene.arrive(20_000);
    let key = await scene.settled({ windowSize: 512 });
    scene.server.change(scene.server.numbers(), () => read);
    ({ key } = await scene.sync(key, { windowSize: 10 }));
    scene.server.change(scene.server.numbers(), () => unread);
    scene.server.change([19_995, 19_996, 19_997, 19_998, 19_999, 20_000], () => unread);
    scene.asked();
    key = await scene.settled({ windowSize: 100 }, key);
    assert.ok(scene.asked().length < 20);
  });
});

suite("Plan: what is told", () => {
  test("While a window is abandoned, news come first and the rest later", async () => {
    const scene = memoryScene();
    scene.arrive(30);
    const first = await scene.sync("0", { windowSize: 10 });
    scene.arrive(5);
    scene.server.expunge([25, 3]);
    const second = await scene.sync(first.key, { windowSize: 10 });
    assert.deepEqual(told(second).slice(0, 7), [
      "add 35",
      "add 34",
      "add 33",
      "add 32",
      "add 31",
      "delete 25",
      "add 20",
    ]);
    const third = await scene.sync(second.key);
    assert.equal(third.operations.length, 20 - 4 - 1);
    assert.ok(!told(third).includes("add 3"));
  });

  test("Marks that move without a visible change tell nothing and are kept under the same key", async () => {
    const scene = memoryScene();
    scene.arrive(5);
    const key = await scene.settled();
    scene.server.change([1, 2], (before) => before);
    scene.server.bump();
    assert.deepEqual(await scene.sync(key), { key, operations: [], more: false });
    scene.asked();
    await scene.sync(key);
    assert.deepEqual(scene.asked(), ["position"], "the marks were kept");
  });

  test("A collection that went back is compared, not sent again", async () => {
    const scene = memoryScene();
    scene.arrive(100);
    scene.server.backUp();
    scene.arrive(5);
    const key = await scene.settled();
    scene.server.change([50], () => read);
    scene.server.restore();
    scene.server.change([7], () => read);
    const synced = await scene.sync(key);
    assert.deepEqual(told(synced), [
      "delete 105",
      "delete 104",
      "delete 103",
      "delete 102",
      "delete 101",
      "change 7",
    ]);
  });

  test("A number that is told as gone and as there is there", async () => {
    const scene = memoryScene();
    scene.arrive(3);
    const key = await scene.settled();
    scene.server.expunge([3]);
    scene.server.reuseNumbers();
    scene.server.arrive(1, () => ({ ...read, day: scene.server.today }));
    assert.deepEqual(told(await scene.sync(key)), ["change 3"]);
  });

  test("Another epoch makes the key invalid", async () => {
    const scene = memoryScene();
    scene.arrive(3);
    const key = await scene.settled();
    scene.server.renumber();
    await assert.rejects(scene.sync(key), InvalidSyncKey);
  });

  test("An item that the device added and another client deleted at once is told as deleted by any server", async () => {
    for (const kind of ["qresync", "naming", "counting", "forgetful"] as const) {
      const scene = memoryScene(kind);
      scene.arrive(3);
      const opened = await scene.open(await scene.settled());
      const [number] = scene.arrive(1);
      assert.ok(number);
      const head = await scene.states.uploaded(opened.head, [
        { number, effect: "add", version: () => 0 },
      ]);
      const key = await scene.states.commit(opened, head, {
        operations: [],
        uploads: [],
        more: false,
      });
      scene.server.expunge([number]);
      assert.deepEqual(told(await scene.sync(key)), [`delete ${number}`], kind);
    }
  });

  test("Changes of labels are told, and sets of labels without end do not make the head grow", async () => {
    const scene = memoryScene();
    scene.arrive(3);
    let key = await scene.settled();
    for (let round = 0; round < 600; round += 1) {
      scene.server.change([2], () => ({ version: 0, labels: [`label ${round}`] }));
      const synced = await scene.sync(key);
      assert.deepEqual(told(synced), ["change 2"]);
      ({ key } = synced);
    }
    const head = await scene.peek();
    assert.deepEqual((await scene.states.known(head, [2])).get(2)?.labels, ["label 599"]);
    const row = await scene.rows.find(place);
    assert.ok(JSON.stringify(row?.head).length < 6000);
  });

  test("The head row of a mailbox with options takes about 200 bytes", async () => {
    const scene = memoryScene("qresync", 70_000);
    scene.arrive(300);
    const key = await scene.settled();
    const opened = await scene.open(key);
    const options = { FilterType: 3, BodyPreference: [{ Type: 2, TruncationSize: 32_768 }] };
    const next = scene.states.withOptions(opened.head, options);
    await scene.states.touch(opened.head, next);
    const row = await scene.rows.find(place);
    assert.ok(JSON.stringify(row?.head).length < 250);
  });
});

suite("Plan: the FilterType window", () => {
  test("One question tells what is outside; it is never explored nor told", async () => {
    const scene = memoryScene();
    scene.arrive(5000, 30);
    scene.arrive(20, 1);
    const sinceDay = scene.server.today - 3;
    const synced = await scene.sync("0", { sinceDay });
    assert.equal(synced.operations.length, 20);
    assert.equal(synced.more, false);
    assert.deepEqual(scene.asked(), ["position", "within", "newest"]);
    assert.equal(scene.server.lines, 20);
  });

  test("A mail that is moved in with an old date stays outside", async () => {
    const scene = memoryScene();
    const sinceDay = scene.server.today - 3;
    const key = await scene.settled({ sinceDay });
    scene.arrive(1, 10);
    assert.deepEqual(told(await scene.sync(key, { sinceDay })), []);
  });

  test("A wider filter adds what it lets in and sends nothing twice", async () => {
    const scene = memoryScene();
    scene.arrive(10, 20);
    scene.arrive(10, 5);
    scene.arrive(10, 1);
    const key = await scene.settled({ sinceDay: scene.server.today - 3 });
    const synced = await scene.sync(key, { sinceDay: scene.server.today - 7 });
    assert.deepEqual(
      synced.operations.map(({ number }) => number).toSorted((a, b) => a - b),
      [11, 12, 13, 14, 15, 16, 17, 18, 19, 20],
    );
    const all = await scene.sync(synced.key, { sinceDay: 0 });
    assert.equal(all.operations.length, 10);
  });

  test("A narrower filter takes out softly what it keeps out, window by window", async () => {
    const scene = memoryScene();
    scene.arrive(5, 20);
    scene.arrive(3, 1);
    const key = await scene.settled();
    const narrow = { sinceDay: scene.server.today - 7, windowSize: 3 };
    const first = await scene.sync(key, narrow);
    assert.deepEqual(told(first), ["softDelete 5", "softDelete 4", "softDelete 3"]);
    assert.equal(first.more, true);
    const second = await scene.sync(first.key, narrow);
    assert.deepEqual(told(second), ["softDelete 2", "softDelete 1"]);
    assert.equal(second.more, false);
    assert.deepEqual(told(await scene.sync(second.key, narrow)), []);
  });

  test("A filter made wider in the middle of a narrowing brings back what had gone and no more", async () => {
    const scene = memoryScene();
    scene.arrive(4, 20);
    scene.arrive(4, 10);
    scene.arrive(1, 0);
    const key = await scene.settled();
    const first = await scene.sync(key, { sinceDay: scene.server.today - 3, windowSize: 6 });
    assert.equal(first.more, true);
    const wider = { sinceDay: scene.server.today - 15 };
    const second = await scene.sync(first.key, wider);
    assert.deepEqual(told(second), [
      "add 8",
      "add 7",
      "add 6",
      "add 5",
      "softDelete 2",
      "softDelete 1",
    ]);
    assert.deepEqual(told(await scene.sync(second.key, wider)), []);
  });

  test("Ageing is looked for once a day, and not by a Ping", async () => {
    const scene = memoryScene();
    scene.arrive(2, 3);
    scene.arrive(2, 0);
    const key = await scene.settled({ sinceDay: scene.server.today - 3 });
    scene.server.today += 1;
    const sinceDay = scene.server.today - 3;
    const head = await scene.peek();
    const looked = await scene.plan(head, { sinceDay, ageing: false });
    assert.deepEqual(told(looked), []);
    await scene.states.touch(head, looked.next);
    scene.asked();
    const synced = await scene.sync(key, { sinceDay });
    assert.deepEqual(told(synced), ["softDelete 2", "softDelete 1"]);
    assert.deepEqual(scene.asked(), ["position", "withinKnown"]);
    await scene.sync(synced.key, { sinceDay });
    assert.deepEqual(scene.asked(), ["position"]);
  });

  test("A change of an item that has grown too old wakes no Ping and takes the item out", async () => {
    const scene = memoryScene();
    scene.arrive(1, 3);
    const key = await scene.settled({ sinceDay: scene.server.today - 3 });
    scene.server.today += 1;
    scene.server.change([1], () => read);
    const sinceDay = scene.server.today - 3;
    const head = await scene.peek();
    assert.deepEqual(told(await scene.plan(head, { sinceDay, ageing: false })), []);
    assert.deepEqual(told(await scene.sync(key, { sinceDay })), ["softDelete 1"]);
  });
});

suite("Plan: uploads", () => {
  test("A device's own change is not told back, another client's change of the same item is", async () => {
    const scene = memoryScene();
    scene.arrive(2);
    const opened = await scene.open(await scene.settled());
    scene.server.change([1], () => read);
    scene.server.change([2], () => ({ version: 1 | 2, labels: ["red"] }));
    const head = await scene.states.uploaded(opened.head, [
      { number: 1, effect: "patch", version: (before) => before | 1 },
      { number: 2, effect: "patch", version: (before) => before | 1 },
    ]);
    const planned = await scene.plan(head);
    assert.deepEqual(told(planned), ["change 2"]);
    assert.deepEqual((await scene.states.known(planned.next, [2])).get(2), {
      version: 3,
      labels: ["red"],
    });
  });

  test("Own labels, own deletes and own additions are not told back", async () => {
    const scene = memoryScene();
    scene.arrive(3);
    const opened = await scene.open(await scene.settled());
    scene.server.change([1], () => ({ version: 0, labels: ["blue"] }));
    scene.server.expunge([2]);
    scene.arrive(1);
    const head = await scene.states.uploaded(opened.head, [
      { number: 1, effect: "patch", labels: () => ["blue"] },
      { number: 2, effect: "remove" },
      { number: 4, effect: "add", version: () => 0, labels: () => [] },
    ]);
    assert.deepEqual(told(await scene.plan(head)), []);
  });

  test("A change of an item that the device does not have leaves it unknown", async () => {
    const scene = memoryScene();
    scene.arrive(1);
    const opened = await scene.open(await scene.settled());
    const head = await scene.states.uploaded(opened.head, [
      { number: 77, effect: "patch", version: () => 1 },
    ]);
    assert.equal((await scene.states.known(head, [77])).get(77), undefined);
  });

  test("Revisions of 32 bits without labels are kept whole", async () => {
    const scene = memoryScene();
    const feed = {
      position: async () => ({ epoch: "1", mark: 5n, next: 2, count: 1 }),
      changed: async () => ({ items: [], gone: [] }),
      newest: async () => ({ items: [{ number: 1, version: 0xffff_fff0, day: 1 }], reached: 1 }),
      within: async () => [],
      withinKnown: async () => [],
    };
    const opened = await scene.open("0");
    const planned = await scene.states.plan(opened.head, feed, { windowSize: 5, sinceDay: 0 });
    assert.deepEqual((await scene.states.known(planned.next, [1])).get(1), {
      version: 0xffff_fff0,
      labels: [],
    });
    const after = await scene.states.uploaded(planned.next, [
      { number: 1, effect: "patch", version: (before) => before + 1 },
    ]);
    assert.equal((await scene.states.known(after, [1])).get(1)?.version, 0xffff_fff1);
  });

  test("An estimate counts what waits, no further than the window", async () => {
    const scene = memoryScene();
    scene.arrive(30);
    const { key } = await scene.sync("0", { windowSize: 10 });
    const head = await scene.peek(key);
    const count = (windowSize: number) =>
      scene.states.estimate(head, scene.server, { windowSize, sinceDay: 0 });
    assert.equal(await count(1000), 20);
    assert.equal(await count(7), 7);
  });
});
