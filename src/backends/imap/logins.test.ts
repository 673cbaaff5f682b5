import assert from "node:assert/strict";
import { test } from "node:test";
import { BackendUnavailable, type Credential, LoginRefused } from "../../backend.ts";
import { StillClock } from "../../kit/still-clock.ts";
import {
  doubtfulLoginsInFlight,
  freeFailuresOfAddress,
  loginPatienceMs,
  loginsOfAddressInFlight,
} from "./limits.ts";
import { Lane } from "./lane.ts";
import { Logins } from "./logins.ts";

const forever = new AbortController().signal;

/** Each has an address of his own unless one is named: "name@address". */
function credential(name: string): Credential {
  const [fingerprint = "", clientAddress = name] = name.split("@");
  return { login: fingerprint, password: "x", fingerprint, clientAddress };
}

/** Logins that a test ends one by one. */
class Doorman {
  readonly waiting: { readonly name: string; readonly end: (error?: Error) => void }[] = [];

  knock(logins: Logins, name: string, signal = forever): Promise<void> {
    return logins.run(credential(name), signal, () => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const end = (error?: Error): void => (error === undefined ? resolve() : reject(error));
      this.waiting.push({ name, end });
      return promise;
    });
  }

  get names(): string[] {
    return this.waiting.map(({ name }) => name);
  }
}

/** Lets everything happen that waits for nothing outside. */
async function settle(): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
}

async function refuse(door: Doorman, logins: Logins, name: string): Promise<void> {
  const login = door.knock(logins, name);
  await settle();
  door.waiting.pop()?.end(new LoginRefused("no"));
  await assert.rejects(login, LoginRefused);
}

async function prove(door: Doorman, logins: Logins, name: string): Promise<void> {
  const login = door.knock(logins, name);
  await settle();
  door.waiting.pop()?.end();
  await login;
}

test("Logins: no more than the bound are in flight; of proven ones the first comes next, of unknown ones the last", async () => {
  const logins = new Logins(2, new StillClock());
  const door = new Doorman();
  for (const name of ["a", "b", "c", "d"]) await prove(door, logins, name);
  const all = ["a", "b", "c", "d"].map((name) => door.knock(logins, name));
  const unknown = ["w", "x", "y", "z"].map((name) => door.knock(logins, name));
  await settle();
  assert.deepEqual(door.names, ["a", "b", "w", "x"]);
  door.waiting[1]?.end();
  door.waiting[2]?.end();
  await settle();
  assert.deepEqual(door.names.slice(4), ["c", "z"]);
  door.waiting[0]?.end(new Error("broke"));
  await assert.rejects(async () => await all[0]);
  await settle();
  assert.deepEqual(door.names.slice(6), ["d"]);
  assert.equal(unknown.length, 4);
});

test("Logins: credentials that failed lately wait for each other and for nobody else", async () => {
  const logins = new Logins(2, new StillClock());
  const door = new Doorman();
  const wrong = Array.from({ length: doubtfulLoginsInFlight + 2 }, (_, at) => `wrong ${at}`);
  for (const name of wrong) await refuse(door, logins, name);
  for (const name of wrong) void door.knock(logins, name).catch(() => undefined);
  await settle();
  assert.equal(door.waiting.length, doubtfulLoginsInFlight);
  void door.knock(logins, "right");
  await settle();
  assert.equal(door.names.at(-1), "right");
});

test("Logins: a credential is doubted for a while, and no longer once it fits", async () => {
  const clock = new StillClock();
  const logins = new Logins(1, clock);
  const door = new Doorman();
  await refuse(door, logins, "w");
  void door.knock(logins, "other");
  const again = door.knock(logins, "w");
  await settle();
  assert.deepEqual(door.names, ["other", "w"], "in the lane of doubt");
  door.waiting[1]?.end();
  await again;
  void door.knock(logins, "w");
  await settle();
  assert.deepEqual(door.names, ["other", "w", "w"], "in the lane of the proven");
});

test("Logins: from one address a few at a time, and one by one after failures; others pass", async () => {
  const logins = new Logins(20, new StillClock());
  const door = new Doorman();
  for (let count = 0; count < 10; count++) void door.knock(logins, `guess ${count}@one`);
  await settle();
  assert.equal(door.waiting.length, loginsOfAddressInFlight);
  await prove(door, logins, "neighbour@other");
  for (let count = 0; count < freeFailuresOfAddress; count++) {
    await refuse(door, logins, `wrong ${count}@two`);
  }
  for (let count = 0; count < 10; count++) void door.knock(logins, `guess ${count}@two`);
  await settle();
  assert.equal(door.names.filter((name) => name.endsWith("@two")).length, 1);
  void door.knock(logins, "neighbour@two");
  await settle();
  assert.equal(door.names.at(-1), "neighbour@two", "a proven one is not held up by his address");
});

test("Logins: an unproven one that waits for too long is told that it cannot be asked", async () => {
  const clock = new StillClock();
  const logins = new Logins(1, clock);
  const door = new Doorman();
  void door.knock(logins, "first");
  const second = door.knock(logins, "second");
  await settle();
  clock.advance(loginPatienceMs);
  await assert.rejects(second, BackendUnavailable);
  door.waiting[0]?.end();
  await prove(door, logins, "third");
});

test("Logins: who hangs up while waiting frees his turn for the next", async () => {
  const lane = new Lane(1);
  const first = await lane.enter(forever);
  const hangUp = new AbortController();
  const second = lane.enter(hangUp.signal);
  const third = lane.enter(forever);
  hangUp.abort(new Error("hung up"));
  await assert.rejects(second, /hung up/);
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  (await third)[Symbol.dispose]();
  using _fourth = await lane.enter(forever);
});

test("Lane: fewer places are kept by those who leave, more are taken at once", async () => {
  const lane = new Lane(2);
  const inside: Disposable[] = [];
  const enter = (): void =>
    void lane.enter(forever).then((place) => inside.push(place), assert.fail);
  for (let count = 0; count < 4; count++) enter();
  await settle();
  assert.equal(inside.length, 2);
  lane.resize(1);
  inside[0]?.[Symbol.dispose]();
  await settle();
  assert.deepEqual([inside.length, lane.inside], [2, 1]);
  inside[1]?.[Symbol.dispose]();
  await settle();
  assert.deepEqual([inside.length, lane.inside], [3, 1]);
  lane.resize(3);
  await settle();
  assert.deepEqual([inside.length, lane.inside], [4, 2]);
});
