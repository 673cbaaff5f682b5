import assert from "node:assert/strict";
import { test } from "node:test";
import { StillClock } from "../kit/still-clock.ts";
import { freeWaits, waitSpacingMs } from "./limits.ts";
import { createPush, type Hint, type Wait } from "./push.ts";

/** A wait over collections whose visibility the test decides. */
function scene() {
  const clock = new StillClock();
  const push = createPush(clock, { minSeconds: 60, maxSeconds: 3540 });
  const visible = new Set<string | undefined>();
  const looked: (string | undefined)[] = [];
  const listeners = new Set<(hint: Hint) => void>();
  const hint = (collectionId: string | undefined, kind: Hint["kind"]): void => {
    for (const listener of listeners) listener({ collectionId, kind });
  };
  const wait = (overrides: Partial<Wait> = {}): Wait => ({
    deviceId: "1",
    epoch: 1n,
    heartbeatSeconds: 600,
    watched: ["f1", "f2", undefined],
    watch: async (listener) => {
      listeners.add(listener);
      return { [Symbol.dispose]: () => void listeners.delete(listener) };
    },
    look: async (collectionId) => {
      looked.push(collectionId);
      return visible.has(collectionId);
    },
    signal: new AbortController().signal,
    ...overrides,
  });
  return { clock, push, visible, looked, listeners, hint, wait };
}

/** Lets all that is ready run. */
const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test("Wait: a change between the last Sync and the Ping answers at once", async () => {
  const { push, visible, wait } = scene();
  visible.add("f2");
  assert.deepEqual(await push.wait(wait()), { kind: "changed", watched: ["f2"] });
  assert.equal(push.held(), 0);
});

test("Wait: an arrival is looked at while the clock stands still", async () => {
  const { push, visible, hint, wait } = scene();
  const outcome = push.wait(wait());
  await settle();
  visible.add("f1");
  hint("f1", "arrival");
  assert.deepEqual(await outcome, { kind: "changed", watched: ["f1"] });
});

test("Wait: an invisible event keeps waiting until the heartbeat ends", async () => {
  const { push, clock, looked, hint, wait, listeners } = scene();
  const outcome = push.wait(wait());
  await settle();
  hint("f1", "arrival");
  await settle();
  assert.deepEqual(looked, ["f1", "f2", undefined, "f1"]);
  clock.advance(600_000);
  assert.deepEqual(await outcome, { kind: "expired" });
  await settle();
  assert.equal(listeners.size, 0, "the subscription is given back");
  assert.equal(clock.pending(), 0, "no timer is left");
});

test("Wait: flag changes are looked at once after 5 s of quiet, and after 30 s at the latest", async () => {
  const { push, clock, looked, visible, hint, wait } = scene();
  const outcome = push.wait(wait());
  await settle();
  looked.length = 0;
  for (let i = 0; i < 7; i++) {
    hint("f1", "change");
    clock.advance(4_000);
    await settle();
  }
  assert.deepEqual(looked, []);
  hint("f1", "change");
  clock.advance(2_000);
  await settle();
  assert.deepEqual(looked, ["f1"]);
  visible.add("f1");
  hint("f1", "change");
  clock.advance(5_000);
  assert.deepEqual(await outcome, { kind: "changed", watched: ["f1"] });
});

test("Wait: a newer wait of the device ends the older, another device's does not", async () => {
  const { push, wait } = scene();
  const older = push.wait(wait());
  const other = push.wait(wait({ deviceId: "2" }));
  await settle();
  const newer = push.wait(wait({ epoch: 2n }));
  assert.deepEqual(await older, { kind: "superseded" });
  await settle();
  assert.equal(push.held(), 2);
  push.hear("wait", "1:3");
  assert.deepEqual(await newer, { kind: "superseded" });
  push.hear("wait", "2:2");
  assert.deepEqual(await other, { kind: "superseded" });
});

test("Wait: a client that hangs up releases its wait at once, even during a look", async () => {
  const { push, wait, listeners } = scene();
  const client = new AbortController();
  const never = new Promise<boolean>(() => {});
  const outcome = push.wait(wait({ signal: client.signal, look: () => never }));
  await settle();
  assert.equal(listeners.size, 1);
  assert.equal(push.held(), 0, "it does not wait before it has looked");
  client.abort(new Error("hung up"));
  await assert.rejects(outcome, /hung up/);
  assert.equal(push.held(), 0);
});

test("Wait: a failed look ends the wait with its error", async () => {
  const { push, wait } = scene();
  const failing = wait({ look: () => Promise.reject(new Error("server gone")) });
  await assert.rejects(push.wait(failing), /server gone/);
});

test("Wait: a store that was out of reach makes everything held look again", async () => {
  const { push, visible, wait } = scene();
  const outcome = push.wait(wait());
  await settle();
  visible.add(undefined);
  push.hear("reconnected", "");
  assert.deepEqual(await outcome, { kind: "changed", watched: [undefined] });
});

test("Wait: draining answers held requests spread over the time and holds no new one", async () => {
  const { push, clock, wait } = scene();
  const outcomes = ["1", "2"].map((deviceId) => push.wait(wait({ deviceId })));
  await settle();
  const drained = push.drain(10);
  clock.advance(0);
  assert.deepEqual(await outcomes[0], { kind: "draining" });
  assert.equal(push.held(), 1);
  clock.advance(5_000);
  assert.deepEqual(await outcomes[1], { kind: "draining" });
  await drained;
  assert.deepEqual(await push.wait(wait({ deviceId: "3" })), { kind: "draining" });
});

test("Wait: the average heartbeat follows what devices ask for", async () => {
  const { push, visible, wait } = scene();
  visible.add("f1");
  await push.wait(wait({ heartbeatSeconds: 600 }));
  assert.equal(push.averageHeartbeatSeconds(), 600);
  await push.wait(wait({ heartbeatSeconds: 100 }));
  assert.equal(push.averageHeartbeatSeconds(), 590);
});

test("Pace: a device that comes back at once again and again looks less often, others are not held up", async () => {
  const { clock, push, visible, looked, wait } = scene();
  visible.add("f1");
  for (let round = 0; round < freeWaits; round++) await push.wait(wait({ watched: ["f1"] }));
  assert.equal(looked.length, freeWaits);
  const late = push.wait(wait({ watched: ["f1"] }));
  await push.wait(wait({ deviceId: "2", watched: ["f1"] }));
  assert.equal(looked.length, freeWaits + 1, "only the other device has looked");
  clock.advance(waitSpacingMs);
  assert.deepEqual(await late, { kind: "changed", watched: ["f1"] });
  assert.equal(clock.pending(), 0);
});

test("Pace: whoever hangs up every second and comes again causes no look but those that are free", async () => {
  const { clock, push, looked, wait } = scene();
  for (let second = 0; second < freeWaits * 10; second++) {
    const hangUp = new AbortController();
    const held = push.wait(
      wait({ epoch: BigInt(second + 1), watched: ["f1"], signal: hangUp.signal }),
    );
    await settle();
    clock.advance(1_000);
    hangUp.abort(new Error("gone"));
    await assert.rejects(held, /gone/);
  }
  const elapsedMs = freeWaits * 10 * 1_000;
  assert.ok(looked.length <= freeWaits + elapsedMs / waitSpacingMs, `${looked.length} looks`);
  assert.equal(push.held(), 0);
});

test("Pace: a device that waits its time is never held up", async () => {
  const { clock, push, looked, wait } = scene();
  for (let round = 1; round <= freeWaits * 3; round++) {
    const outcome = push.wait(wait({ watched: ["f1"], heartbeatSeconds: 60 }));
    await settle();
    assert.equal(looked.length, round);
    clock.advance(60_000);
    assert.deepEqual(await outcome, { kind: "expired" });
  }
});
