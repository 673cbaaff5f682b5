import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../test/rig/database.ts";
import { memoryRows } from "../../test/sync/memory-rows.ts";
import { nothing, Scene, type Stage, told } from "../../test/sync/scene.ts";
import { addPartnerships } from "../../test/sync/stored-scene.ts";
import { systemClock } from "../kit/clock.ts";
import { leaseMs, renewMs } from "./limits.ts";
import type { HeadRows } from "./rows.ts";
import { storedRows } from "./stored-rows.ts";
import { syncStatesOver } from "./states.ts";
import { InvalidSyncKey, KeyTaken } from "./types.ts";

const read = { version: 1, labels: [] };
const never = (): AbortSignal => new AbortController().signal;

let database: TestDatabase;
let logins = 0;

before(async () => {
  database = await openTestDatabase();
});

after(async () => {
  await database[Symbol.asyncDispose]();
});

const stages: Readonly<Record<string, () => Promise<Stage<HeadRows>>>> = {
  memory: async () => ({ rows: memoryRows(), partnership: { accountId: "1", deviceId: "1" } }),
  PostgreSQL: async () => {
    logins += 1;
    const [partnership] = await addPartnerships(database.database, `user${logins}`, 1);
    assert.ok(partnership);
    return { rows: storedRows(database.database), partnership };
  },
};

/** Lets a test's other promises go on until it holds; the clock stands still meanwhile. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

for (const [where, stage] of Object.entries(stages)) {
  suite(`Keys, in ${where}`, () => {
    async function withItems(count: number): Promise<Scene<HeadRows>> {
      const scene = new Scene(await stage());
      scene.arrive(count);
      return scene;
    }

    test("What the device got in another way is no Add, under the same key; what becomes of it is told", async () => {
      const scene = await withItems(2);
      const { states, partnership } = scene;
      const first = await scene.sync("0");
      const synced = await scene.sync(first.key);
      const [plain = 0, labelled = 0] = scene.arrive(2);
      scene.server.change([labelled], ({ version }) => ({ version, labels: ["red"] }));
      const items = [
        { number: plain, version: 0, labels: [] },
        { number: labelled, version: 0, labels: ["red"] },
      ];
      await states.acquired(partnership, "f1", items, never());
      await states.acquired(partnership, "f1", items, never());
      await states.acquired(partnership, "f2", items, never());
      const quiet = await scene.sync(synced.key);
      assert.deepEqual(quiet.operations, []);
      scene.server.change([plain, labelled], ({ labels }) => ({ version: 1, labels }));
      const changed = await scene.sync(quiet.key);
      assert.deepEqual(
        changed.operations.map(({ kind }) => kind),
        ["change", "change"],
      );
    });

    test("A device that goes one answer back still has what it got meanwhile, or is told of it", async () => {
      const scene = await withItems(2);
      const { states, partnership } = scene;
      const first = await scene.sync("0");
      const [lost = 0] = scene.arrive(1);
      await scene.sync(first.key);
      const [plain = 0, labelled = 0] = scene.arrive(2);
      scene.server.change([labelled], ({ version }) => ({ version, labels: ["red"] }));
      const items = [
        { number: plain, version: 0, labels: [] },
        { number: labelled, version: 0, labels: ["red"] },
      ];
      await states.acquired(partnership, "f1", items, never());
      const back = await scene.sync(first.key, {}, "another request");
      assert.deepEqual(told(back), [`add ${labelled}`, `add ${lost}`]);
    });

    test("A collection that was never synced has no head, and no key but 0 opens it", async () => {
      const scene = await withItems(1);
      assert.equal(await scene.states.peek(scene.partnership, "f1"), undefined);
      const stranger = "{0f8fad5b-d9cb-469f-a165-70867728950e}1";
      for (const key of [stranger, "", "1", "nonsense"]) {
        await assert.rejects(scene.open(key), InvalidSyncKey);
      }
    });

    test("Each answer gives another key, and the one before the previous is invalid", async () => {
      const scene = await withItems(9);
      const first = await scene.sync("0", { windowSize: 3 });
      const second = await scene.sync(first.key, { windowSize: 3 });
      const third = await scene.sync(second.key, { windowSize: 3 });
      assert.equal(new Set([first.key, second.key, third.key]).size, 3);
      await assert.rejects(scene.open(first.key), InvalidSyncKey);
      await assert.rejects(scene.peek(first.key), InvalidSyncKey);
    });

    test("A key of one collection is invalid for another", async () => {
      const scene = await withItems(1);
      const { key } = await scene.sync("0");
      const request = { hash: "h", signal: never() };
      const other = await scene.states.open(scene.partnership, "f2", "0", request);
      await scene.states.commit(other, other.head, nothing);
      await assert.rejects(
        scene.states.open(scene.partnership, "f2", key, request),
        InvalidSyncKey,
      );
    });

    test("The same request under the previous key gets the same operations and the same new key", async () => {
      const scene = await withItems(9);
      const first = await scene.sync("0", { windowSize: 3 });
      const opened = await scene.open(first.key, "the request");
      const planned = await scene.plan(opened.head, { windowSize: 3 });
      const uploads = [{ kind: "change", number: 9, status: 1 }] as const;
      const answer = { operations: planned.operations, uploads, more: true };
      const key = await scene.states.commit(opened, planned.next, answer);
      const again = await scene.open(first.key, "the request");
      assert.equal(again.kind, "again");
      assert.deepEqual(again.answer, { ...answer, key });
      assert.deepEqual((await scene.states.known(again.head, [6])).get(6), {
        version: 0,
        labels: [],
      });
      await scene.states.release(again);
      const next = await scene.open(key);
      assert.equal(next.kind, "next");
      await scene.states.release(next);
    });

    test("Another request under the previous key undoes the answer and tells which uploads were done", async () => {
      const scene = await withItems(4);
      const { key } = await scene.sync("0");
      scene.server.change([1, 2], () => read);
      scene.server.expunge([3]);
      const opened = await scene.open(key, "one");
      scene.arrive(1);
      const uploaded = await scene.states.uploaded(opened.head, [
        { number: 4, effect: "remove" },
        { number: 5, effect: "add", version: () => 0 },
      ]);
      const lost = await scene.plan(uploaded, { windowSize: 1 });
      const uploads = [{ kind: "add", clientId: "c", number: 5, status: 1 }] as const;
      await scene.states.commit(opened, lost.next, { ...lost, uploads });

      const retry = await scene.open(key, "another");
      assert.equal(retry.kind, "retry");
      assert.deepEqual(retry.applied, uploads);
      assert.deepEqual((await scene.states.known(retry.head, [4])).get(4), {
        version: 0,
        labels: [],
      });
      assert.equal((await scene.states.known(retry.head, [5])).get(5), undefined);
      const planned = await scene.plan(retry.head);
      assert.deepEqual(told(planned), ["add 5", "delete 3", "change 2", "change 1"]);
      await scene.states.release(retry);
    });

    test("A previous key stays the previous key of its retry, however often answers are lost", async () => {
      const scene = await withItems(2);
      const { key } = await scene.sync("0");
      const keys = new Set([key]);
      for (const hash of ["a", "b", "c"]) {
        scene.server.change([1], () => ({ version: keys.size, labels: [hash] }));
        const synced = await scene.sync(key, {}, hash);
        assert.deepEqual(told(synced), ["change 1"]);
        keys.add(synced.key);
      }
      assert.equal(keys.size, 4);
      const [, lost] = keys;
      await assert.rejects(scene.open(lost ?? ""), InvalidSyncKey);
      const last = await scene.sync([...keys].at(-1) ?? "");
      assert.deepEqual(told(last), []);
    });

    test("Key 0 leaves what is stored alone until it is committed, and can be repeated", async () => {
      const scene = await withItems(3);
      const { key } = await scene.sync("0");
      const initial = await scene.open("0");
      assert.equal(initial.kind, "initial");
      assert.equal(initial.head.epoch, "");
      await scene.states.release(initial);
      assert.deepEqual(told(await scene.sync(key)), []);
      const first = await scene.open("0");
      const lostKey = await scene.states.commit(first, first.head, nothing);
      await assert.rejects(scene.open(key), InvalidSyncKey);
      const second = await scene.open("0");
      const newKey = await scene.states.commit(second, second.head, nothing);
      await assert.rejects(scene.open(lostKey), InvalidSyncKey);
      assert.equal((await scene.sync(newKey)).operations.length, 3);
    });

    test("Sticky options are kept with the key that they came under", async () => {
      const scene = await withItems(1);
      const { key } = await scene.sync("0");
      assert.equal((await scene.peek()).options, undefined);
      const opened = await scene.open(key);
      const next = scene.states.withOptions(opened.head, { FilterType: 3 });
      const second = await scene.states.commit(opened, next, nothing);
      assert.deepEqual((await scene.peek(second)).options, { FilterType: 3 });
      assert.equal((await scene.peek(key)).options, undefined);
    });

    test("Restarting loses nothing", async () => {
      const scene = await withItems(9);
      const { key } = await scene.sync("0", { windowSize: 4 });
      scene.states = scene.process();
      const synced = await scene.sync(key, { windowSize: 4 });
      assert.deepEqual(told(synced), ["add 5", "add 4", "add 3", "add 2"]);
    });

    test("A dry run keeps its marks only while nobody else changed the head", async () => {
      const scene = await withItems(3);
      const { key } = await scene.sync("0");
      scene.server.bump();
      const [one, other] = [await scene.peek(), await scene.peek()];
      const planned = await scene.plan(one);
      await scene.states.touch(one, planned.next);
      scene.asked();
      await scene.plan(await scene.peek());
      assert.deepEqual(scene.asked(), ["position"]);
      scene.arrive(1);
      const synced = await scene.sync(key);
      await scene.states.touch(other, planned.next);
      assert.deepEqual(told(await scene.plan(await scene.peek(synced.key))), []);
      scene.asked();
    });

    test("A dry run that a Sync overtakes looks at that Sync's result", async () => {
      const scene = await withItems(3);
      const { key } = await scene.sync("0");
      scene.server.change([2], () => read);
      const head = await scene.peek();
      await scene.sync(key);
      assert.deepEqual(told(await scene.plan(head)), []);
    });

    test("What a retry did not tell cannot be kept under the old key", async () => {
      const scene = await withItems(3);
      const { key } = await scene.sync("0");
      scene.server.change([2], () => read);
      await scene.sync(key, {}, "lost");
      const retry = await scene.open(key, "another");
      const planned = await scene.plan(retry.head, { windowSize: 0 });
      await scene.states.touch(retry.head, planned.next);
      await scene.states.release(retry);
      assert.equal((await scene.open(key, "lost")).kind, "again");
    });

    test("A forgotten collection is as if it had never been synced", async () => {
      const scene = await withItems(3);
      const { key } = await scene.sync("0");
      await scene.states.forget(scene.partnership, "f1");
      assert.equal(await scene.states.peek(scene.partnership, "f1"), undefined);
      await assert.rejects(scene.open(key), InvalidSyncKey);
      assert.equal((await scene.sync("0")).operations.length, 3);
    });

    test("What was answered or given back cannot be committed", async () => {
      const scene = await withItems(1);
      const opened = await scene.open("0");
      await scene.states.commit(opened, opened.head, nothing);
      await scene.states.release(opened);
      await assert.rejects(scene.states.commit(opened, opened.head, nothing), TypeError);
    });
  });

  suite(`One at a time, in ${where}`, () => {
    test("The same request in one process waits and is answered as a repeat", async () => {
      const scene = new Scene(await stage());
      const { key } = await scene.sync("0");
      scene.arrive(1);
      const opened = await scene.open(key);
      const repeat = scene.open(key);
      const { operations, next, more } = await scene.plan(opened.head);
      const second = await scene.states.commit(opened, next, { operations, uploads: [], more });
      const again = await repeat;
      assert.equal(again.kind, "again");
      assert.equal(again.answer?.key, second);
      await scene.states.release(again);
    });

    test("The same request in two processes at once is answered as one", async () => {
      const scene = new Scene(await stage());
      const { key } = await scene.sync("0");
      scene.arrive(1);
      const opened = await scene.open(key);
      const other = scene.process();
      const request = { hash: "h", signal: never() };
      const repeat = other.open(scene.partnership, "f1", key, request);
      // The other process polls; each round waits on the clock.
      const waiting = scene.clock.pending();
      await until(() => scene.clock.pending() > waiting);
      const { operations, next, more } = await scene.plan(opened.head);
      const second = await scene.states.commit(opened, next, { operations, uploads: [], more });
      scene.clock.advance(1000);
      const again = await repeat;
      assert.equal(again.kind, "again");
      assert.deepEqual(again.answer, { operations, uploads: [], more, key: second });
      await other.release(again);
    });

    test("Four processes given the same request at the same moment answer it once", async () => {
      const scene = new Scene(await stage());
      scene.arrive(5);
      const { key } = await scene.sync("0", { windowSize: 2 });
      const answers = await Promise.all(
        [1, 2, 3, 4].map(async () => {
          const states = syncStatesOver(scene.rows, systemClock);
          const request = { hash: "h", signal: never() };
          const opened = await states.open(scene.partnership, "f1", key, request);
          await using _release = { [Symbol.asyncDispose]: () => states.release(opened) };
          if (opened.answer !== undefined) return opened.answer;
          const window = { windowSize: 2, sinceDay: 0 };
          const { operations, next, more } = await states.plan(opened.head, scene.server, window);
          const answer = { operations, uploads: [], more };
          return { ...answer, key: await states.commit(opened, next, answer) };
        }),
      );
      assert.deepEqual(told(answers[0] ?? nothing), ["add 3", "add 2"]);
      for (const answer of answers) assert.deepEqual(answer, answers[0]);
    });

    test("A process that died is waited for until its lease runs out; if it lives, its commit fails", async () => {
      const scene = new Scene(await stage());
      scene.arrive(2);
      const { key } = await scene.sync("0");
      const stuck = await scene.open(key);
      scene.clock.forget();
      const other = scene.process();
      const waiting = other.open(scene.partnership, "f1", key, { hash: "h", signal: never() });
      await until(() => scene.clock.pending() === 1);
      scene.clock.advance(leaseMs);
      const opened = await waiting;
      assert.equal(opened.kind, "next");
      await assert.rejects(scene.states.commit(stuck, stuck.head, nothing), KeyTaken);
      await scene.states.release(stuck);
      const second = await other.commit(opened, opened.head, nothing);
      assert.equal((await scene.open(second)).kind, "next");
    });

    test("Work that goes on renews its lease", async () => {
      const { rows, partnership } = await stage();
      let renewed = 0;
      const counting: HeadRows = {
        ...rows,
        renew: async (...of) => {
          await rows.renew(...of);
          renewed += 1;
        },
      };
      const scene = new Scene({ rows: counting, partnership });
      const { key } = await scene.sync("0");
      const opened = await scene.open(key);
      for (let round = 1; round <= 6; round += 1) {
        scene.clock.advance(renewMs);
        await until(() => renewed === round && scene.clock.pending() === 1);
      }
      const place = { ...partnership, collectionId: "f1" };
      const now = scene.clock.now();
      const claim = { token: "0f8fad5b-d9cb-469f-a165-70867728950e", now, until: now + 1 };
      assert.equal(await rows.take(place, claim), undefined);
      await scene.states.release(opened);
      assert.equal(scene.clock.pending(), 0);
    });

    test("Waiting for a turn ends when the client hangs up, and the next one still gets its turn", async () => {
      const scene = new Scene(await stage());
      const { key } = await scene.sync("0");
      const opened = await scene.open(key);
      const hangUp = new AbortController();
      const waiting = scene.open(key, "h", hangUp.signal);
      const next = scene.open(key);
      hangUp.abort(new Error("client hung up"));
      await assert.rejects(waiting, /hung up/);
      await scene.states.release(opened);
      await scene.states.release(await next);
    });

    test("Waiting for another process ends when the client hangs up", async () => {
      const scene = new Scene(await stage());
      const { key } = await scene.sync("0");
      const opened = await scene.open(key);
      const timers = scene.clock.pending();
      const hangUp = new AbortController();
      const request = { hash: "h", signal: hangUp.signal };
      const waiting = scene.process().open(scene.partnership, "f1", key, request);
      await until(() => scene.clock.pending() > timers);
      hangUp.abort(new Error("client hung up"));
      await assert.rejects(waiting, /hung up/);
      assert.equal(scene.clock.pending(), timers);
      await scene.states.release(opened);
    });
  });
}
