import assert from "node:assert/strict";
import { after, test } from "node:test";
import { openTestDatabase } from "../../test/rig/database.ts";
import { BackendUnavailable, LoginRefused, type Credential } from "../backend.ts";
import { StillClock } from "../kit/still-clock.ts";
import { findAccount } from "../store/accounts.ts";
import { Accounts, type Attempt } from "./accounts.ts";
import { Throttled } from "./faults.ts";

const { database, ...rest } = await openTestDatabase();
after(() => rest[Symbol.asyncDispose]());

/** Accounts over a door that knows one password and counts how often it is asked. */
function scene(password = "right") {
  const clock = new StillClock(1_000_000);
  const asked: Credential[] = [];
  const door = { password, reachable: true };
  const check = async (credential: Credential): Promise<void> => {
    asked.push(credential);
    if (!door.reachable) throw new BackendUnavailable("down");
    if (credential.password !== door.password) throw new LoginRefused("no");
  };
  const accounts = new Accounts({
    sql: database,
    clock,
    backendOf: () => ({ check }),
    addressesOf: async (_domain, email) =>
      email.startsWith("ann@") ? ["boss@example.com", email] : [],
    cacheSeconds: 600,
    domains: [{ name: "example.com", aliases: ["example.org"], login: "address" }],
    defaultDomain: "example.com",
  });
  const attempt = (given: string, overrides: Partial<Attempt> = {}): Attempt => ({
    readings: [{ user: "ann", password: given }],
    deviceId: "phone",
    clientAddress: "192.0.2.1",
    signal: new AbortController().signal,
    ...overrides,
  });
  return { clock, asked, door, accounts, attempt };
}

test("Accounts: the first success makes the account, later ones come from memory", async () => {
  const { accounts, asked, attempt } = scene();
  const { account, credential } = await accounts.signIn(attempt("right"));
  assert.equal(account.email, "ann@example.com");
  assert.deepEqual(account.addresses, ["ann@example.com", "ann@example.org", "boss@example.com"]);
  assert.equal((await findAccount(database, "example.com", "ann@example.com"))?.id, account.id);
  assert.equal(credential.clientAddress, "192.0.2.1");
  await accounts.signIn(attempt("right"));
  assert.equal(asked.length, 1);
});

test("Accounts: a good login is asked again when its time is over, or when it is forgotten", async () => {
  const { accounts, asked, attempt, clock, door } = scene();
  const { credential } = await accounts.signIn(attempt("right"));
  clock.advance(600_000);
  await accounts.signIn(attempt("right"));
  assert.equal(asked.length, 2);
  door.password = "changed";
  accounts.forget(credential);
  await assert.rejects(accounts.signIn(attempt("right")), LoginRefused);
});

test("Accounts: several requests at once ask once", async () => {
  const { accounts, asked, attempt } = scene();
  await Promise.all([1, 2, 3, 4].map(() => accounts.signIn(attempt("right"))));
  assert.equal(asked.length, 1);
});

test("Accounts: the same wrong password is refused from memory for 15 minutes", async () => {
  const { accounts, asked, attempt, clock } = scene();
  for (let i = 0; i < 50; i++) {
    await assert.rejects(accounts.signIn(attempt("old")), LoginRefused);
    clock.advance(15_000);
  }
  assert.equal(asked.length, 1);
  clock.advance(150_000);
  await assert.rejects(accounts.signIn(attempt("old")), LoginRefused);
  assert.equal(asked.length, 2);
});

test("Accounts: an old phone never keeps another device with the right password out", async () => {
  const { accounts, attempt } = scene();
  for (let i = 0; i < 60; i++) {
    const wrong = accounts.signIn(attempt(`wrong ${i}`));
    await assert.rejects(wrong, (error) => error instanceof Error);
  }
  const { account } = await accounts.signIn(attempt("right", { deviceId: "tablet" }));
  assert.equal(account.login, "ann@example.com");
});

test("Accounts: a device that guesses is told to wait, longer each time, and gets in after", async () => {
  const { accounts, attempt, clock, asked } = scene();
  for (let i = 0; i < 6; i++) {
    await assert.rejects(accounts.signIn(attempt(`wrong ${i}`)), LoginRefused);
  }
  await assert.rejects(accounts.signIn(attempt("right")), (error) => {
    return error instanceof Throttled && error.retrySeconds === 2;
  });
  assert.equal(asked.length, 6);
  clock.advance(2_000);
  await assert.rejects(accounts.signIn(attempt("wrong again")), LoginRefused);
  await assert.rejects(accounts.signIn(attempt("right")), (error) => {
    return error instanceof Throttled && error.retrySeconds === 4;
  });
  clock.advance(4_000);
  await accounts.signIn(attempt("right"));
});

test("Accounts: a guesser with ever new device ids is asked for one at a time", async () => {
  const { accounts, attempt, asked, door } = scene();
  for (let i = 0; i <= 20; i++) {
    const guess = attempt(`wrong ${i}`, { deviceId: `d${i}` });
    await assert.rejects(accounts.signIn(guess), LoginRefused);
  }
  asked.length = 0;
  const many = Array.from({ length: 40 }, (_, i) =>
    accounts.signIn(attempt(`more ${i}`, { deviceId: `e${i}` })),
  );
  const outcomes = await Promise.allSettled(many);
  const reasons = outcomes.map((one) => (one.status === "rejected" ? one.reason : undefined));
  assert.equal(reasons.filter((reason) => reason instanceof Throttled).length, 20);
  assert.equal(asked.length, 20);
  assert.ok(door.reachable);
});

test("Accounts: a mail server out of reach is no failed login", async () => {
  const { accounts, attempt, door } = scene();
  door.reachable = false;
  for (let i = 0; i < 20; i++) {
    await assert.rejects(accounts.signIn(attempt("right")), BackendUnavailable);
  }
  door.reachable = true;
  await accounts.signIn(attempt("right"));
});

test("Accounts: the second reading of the header counts when the first is refused", async () => {
  const { accounts, attempt, asked } = scene("pässword");
  const readings = ["p\uFFFDssword", "pässword"].map((password) => ({ user: "ann", password }));
  await accounts.signIn(attempt("", { readings }));
  assert.equal(asked.length, 2);
});

test("Accounts: unknown domains and empty passwords never reach the mail server", async () => {
  const { accounts, attempt, asked } = scene();
  const stranger = [{ user: "ann@elsewhere.test", password: "right" }];
  await assert.rejects(accounts.signIn(attempt("", { readings: stranger })), LoginRefused);
  await assert.rejects(accounts.signIn(attempt("")), LoginRefused);
  assert.equal(asked.length, 0);
});

test("Accounts: the fingerprint tells passwords apart and does not contain them", async () => {
  const { accounts, attempt } = scene();
  const { credential } = await accounts.signIn(attempt("right"));
  assert.ok(!credential.fingerprint.includes("right"));
  const others = scene();
  const other = await others.accounts.signIn(others.attempt("right"));
  assert.notEqual(other.credential.fingerprint, credential.fingerprint, "keyed by process");
});
