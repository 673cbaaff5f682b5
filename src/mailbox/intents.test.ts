import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addAccount, type TestAccount } from "../../test/mailbox/gateway.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { quiet } from "../../test/rig/quiet-log.ts";
import { StillClock } from "../kit/still-clock.ts";
import type { EffectStep } from "./intent-hold.ts";
import { Intents, type Effect, type OpenIntent, type Wish } from "./intents.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());
const { database } = store;

const signal = new AbortController().signal;

/** What a counter needs to recognise that it was counted up. */
interface Target {
  readonly from: number;
  readonly to?: number;
}

/** A place outside the database where each effect can be seen. */
class Counters implements Effect<Target> {
  readonly values = new Map<string, number>();
  readonly repeats: string[] = [];
  /** Counters that are not there. */
  readonly missing = new Set<string>();
  /** What was done before shall be done again. */
  isLost = false;

  async begin(wishes: Parameters<Effect<Target>["begin"]>[0]) {
    const begun = wishes.filter(({ clientKey, done }) =>
      done === undefined ? !this.missing.has(clientKey) : this.isLost,
    );
    return new Map(begun.map(({ clientKey }) => [clientKey, { from: this.of(clientKey) }]));
  }

  async carryOut(open: readonly OpenIntent<Target>[]) {
    const there = open.filter(({ clientKey }) => !this.missing.has(clientKey));
    return new Map(there.map((each) => [each.clientKey, this.#count(each)] as const));
  }

  of(clientKey: string): number {
    return this.values.get(clientKey) ?? 0;
  }

  #count({ clientKey, target, isRepeat }: OpenIntent<Target>): Target {
    if (isRepeat) this.repeats.push(clientKey);
    const happened = isRepeat && this.of(clientKey) > target.from;
    if (!happened) this.values.set(clientKey, this.of(clientKey) + 1);
    return { ...target, to: this.of(clientKey) };
  }
}

/** A gateway process; it stops for good at the named point. */
function processOf({ id, deviceId }: TestAccount, dies?: EffectStep) {
  const clock = new StillClock(Date.UTC(2026, 10, 24));
  const { promise: died, resolve } = Promise.withResolvers<void>();
  const checkpoint = async (step: string): Promise<void> => {
    if (step !== dies) return;
    resolve();
    await new Promise(() => {});
  };
  const source = { database, clock, log: quiet, checkpoint };
  const intents = new Intents<Target>(source, { accountId: id, deviceId, kind: "add" });
  return { clock, died, intents };
}

function wish(clientKey: string, contents = "same"): Wish {
  return { clientKey, fingerprint: Buffer.from(contents) };
}

/** What a run gives, while time goes on. */
async function ended<Result>(run: Promise<Result>, clock: StillClock): Promise<Result> {
  const state = { isOver: false };
  const over = (): void => void (state.isOver = true);
  void run.then(over, over);
  while (!state.isOver) {
    clock.advance(1);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return await run;
}

test("Intents: a repeat gives what became of the effect, and does nothing", async () => {
  const { intents } = processOf(await addAccount(database));
  const counters = new Counters();
  const first = await intents.run([wish("a"), wish("b")], counters, signal);
  assert.deepEqual(Object.fromEntries(first), { a: { from: 0, to: 1 }, b: { from: 0, to: 1 } });
  const again = await intents.run([wish("b"), wish("a"), wish("c")], counters, signal);
  assert.deepEqual(again.get("a"), { from: 0, to: 1 });
  assert.deepEqual(Object.fromEntries(counters.values), { a: 1, b: 1, c: 1 });
});

test("Intents: other contents under the same key are another effect", async () => {
  const { intents } = processOf(await addAccount(database));
  const counters = new Counters();
  await intents.run([wish("a")], counters, signal);
  await intents.run([wish("a", "other")], counters, signal);
  assert.equal(counters.of("a"), 2);
});

for (const step of ["add intended", "add done", "add kept"] as const) {
  test(`Intents: a process that ends at "${step}" leaves an effect that happens once`, async () => {
    const account = await addAccount(database);
    const counters = new Counters();
    const doomed = processOf(account, step);
    void doomed.intents.run([wish("a"), wish("b")], counters, signal);
    await doomed.died;
    doomed.clock.forget();
    const next = processOf(account);
    next.clock.advance(31_000);
    const results = await next.intents.run([wish("a"), wish("b"), wish("c")], counters, signal);
    assert.deepEqual(results.get("b"), { from: 0, to: 1 });
    assert.deepEqual(Object.fromEntries(counters.values), { a: 1, b: 1, c: 1 });
    assert.deepEqual(counters.repeats, step === "add kept" ? [] : ["a", "b"]);
  });
}

test("Intents: what another request works on is waited for", async () => {
  const account = await addAccount(database);
  const counters = new Counters();
  const [one, other] = [processOf(account), processOf(account)];
  const gate = Promise.withResolvers<void>();
  const working = Promise.withResolvers<void>();
  const slow: Effect<Target> = {
    begin: (wishes) => counters.begin(wishes),
    carryOut: async (open) => {
      working.resolve();
      await gate.promise;
      return counters.carryOut(open);
    },
  };
  const first = one.intents.run([wish("a"), wish("b")], slow, signal);
  await working.promise;
  const second = other.intents.run([wish("b"), wish("c")], counters, signal);
  while (counters.of("c") === 0) await new Promise((resolve) => setImmediate(resolve));
  gate.resolve();
  await first;
  const results = await ended(second, other.clock);
  assert.deepEqual(results.get("b"), { from: 0, to: 1 });
  assert.deepEqual(Object.fromEntries(counters.values), { a: 1, b: 1, c: 1 });
});

test("Intents: two processes with the same wishes at the same moment carry them out once", async () => {
  const account = await addAccount(database);
  const counters = new Counters();
  const processes = [processOf(account), processOf(account)];
  const keys = Array.from({ length: 20 }, (_, index) => wish(`k${index}`));
  const runs = processes.map(({ intents, clock }, at) =>
    ended(intents.run(at === 0 ? keys : keys.toReversed(), counters, signal), clock),
  );
  for (const results of await Promise.all(runs)) assert.equal(results.size, 20);
  assert.ok([...counters.values.values()].every((count) => count === 1));
});

test("Intents: what is not there has no result and leaves no trace; what was undone is done again", async () => {
  const { intents } = processOf(await addAccount(database));
  const counters = new Counters();
  counters.missing.add("a");
  assert.equal((await intents.run([wish("a"), wish("b")], counters, signal)).has("a"), false);
  counters.missing.clear();
  assert.deepEqual((await intents.run([wish("a")], counters, signal)).get("a"), { from: 0, to: 1 });
  counters.isLost = true;
  assert.deepEqual((await intents.run([wish("b")], counters, signal)).get("b"), { from: 1, to: 2 });
});

test("Intents: an effect that fails is gone on with by a repeat, at once", async () => {
  const { intents } = processOf(await addAccount(database));
  const counters = new Counters();
  const failing: Effect<Target> = {
    begin: (wishes) => counters.begin(wishes),
    carryOut: () => Promise.reject(new Error("the server broke off")),
  };
  await assert.rejects(intents.run([wish("a")], failing, signal), /broke off/);
  assert.deepEqual((await intents.run([wish("a")], counters, signal)).get("a"), { from: 0, to: 1 });
  assert.deepEqual(counters.repeats, ["a"]);
});
