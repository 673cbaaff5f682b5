import assert from "node:assert/strict";
import { test } from "node:test";
import { TimeLimitPassed, untilAborted, within } from "./abort.ts";
import { BoundedMap } from "./bounded-map.ts";
import { LaneFull, Lanes } from "./lanes.ts";
import { createLog } from "./pino-log.ts";
import { StillClock } from "./still-clock.ts";

test("Still clock: timers fire in their order, cancelled ones never", () => {
  const clock = new StillClock(1_000);
  const fired: string[] = [];
  clock.after(20, () => fired.push("late"));
  clock.after(10, () => fired.push("early"));
  clock.after(15, () => fired.push("never")).cancel();
  clock.advance(5);
  assert.deepEqual(fired, []);
  clock.advance(15);
  assert.deepEqual(fired, ["early", "late"]);
  assert.deepEqual([clock.now(), clock.pending()], [1_020, 0]);
});

test("Time limit: what is in time is given, what is not is rejected and aborted", async () => {
  const clock = new StillClock();
  assert.equal(await within(clock, 10, async () => "in time"), "in time");
  assert.equal(clock.pending(), 0);
  const signals: AbortSignal[] = [];
  const late = within(clock, 10, (signal) => {
    signals.push(signal);
    return new Promise(() => {});
  });
  clock.advance(10);
  await assert.rejects(late, TimeLimitPassed);
  assert.equal(signals[0]?.aborted, true);
});

test("Waiting: an aborted signal ends it with its reason", async () => {
  const reason = new Error("enough");
  await assert.rejects(untilAborted(new Promise(() => {}), AbortSignal.abort(reason)), reason);
});

test("Bounded map: keeps the newest for their time", () => {
  const clock = new StillClock();
  const map = new BoundedMap<string, number>(clock, 2);
  map.set("a", 1, 100);
  map.set("b", 2, 50);
  assert.equal(map.get("a"), 1, "used again: b is now the oldest");
  map.set("c", 3, 100);
  assert.deepEqual([map.get("a"), map.get("b"), map.get("c"), map.size], [1, undefined, 3, 2]);
  clock.advance(100);
  assert.deepEqual([map.get("a"), map.get("c"), map.size], [undefined, undefined, 0]);
});

test("Lanes: one after the other by key, and refused when too many wait", async () => {
  const lanes = new Lanes(2);
  const order: string[] = [];
  const gate = Promise.withResolvers<void>();
  const first = lanes.run("x", async () => {
    await gate.promise;
    order.push("first");
    throw new Error("failed");
  });
  const second = lanes.run("x", async () => order.push("second"));
  await assert.rejects(
    lanes.run("x", async () => 0),
    LaneFull,
  );
  await lanes.run("y", async () => order.push("other key"));
  gate.resolve();
  await assert.rejects(first, /failed/);
  await second;
  assert.deepEqual(order, ["other key", "first", "second"]);
  await lanes.run("x", async () => order.push("again"));
});

test("Log: an error tells what and where, and nothing that hangs on it", () => {
  const lines: Record<string, unknown>[] = [];
  const log = createLog("info", { write: (line) => void lines.push(JSON.parse(line)) });
  const cause = Object.assign(new Error("inner"), { response: "secret" });
  const error = Object.assign(new Error("outer", { cause }), { password: "secret" });
  log.child({ user: "ann" }).error({ err: error }, "It failed");
  log.debug({}, "not at this level");
  assert.equal(lines.length, 1);
  const text = JSON.stringify(lines);
  assert.match(text, /outer.*inner/);
  assert.doesNotMatch(text, /secret/);
  assert.equal(lines[0]?.["level"], "error");
  assert.equal(lines[0]?.["user"], "ann");
});
