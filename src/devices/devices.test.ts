import assert from "node:assert/strict";
import { after, before, beforeEach, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../test/rig/database.ts";
import { systemClock } from "../kit/clock.ts";
import { listAccounts, putAccount, removeAccount } from "../store/accounts.ts";
import { listAudit } from "../store/audit.ts";
import { type Device, Devices } from "./devices.ts";
import { canonicalDeviceId } from "./identity.ts";

let rig: TestDatabase;
let now = 0;
let account: { readonly id: string };
let devices: Devices;

const clock = { ...systemClock, now: () => now };
const phone = {
  deviceId: canonicalDeviceId("FJH8EBGIT175V4PBKNFLAVENRK"),
  deviceType: "iPhone",
  userAgent: "Apple-iPhone16C1/2205.240",
  protocolVersion: "14.1",
  address: "192.0.2.1",
};

function withPolicy(): Devices {
  return new Devices({ database: rig.database, clock, requiresPolicy: () => true });
}

before(async () => {
  rig = await openTestDatabase();
});
after(() => rig[Symbol.asyncDispose]());

beforeEach(async () => {
  for (const { id } of await listAccounts(rig.database)) await removeAccount(rig.database, id);
  now = Date.UTC(2026, 10, 1);
  account = await newAccount("ada");
  devices = new Devices({ database: rig.database, clock, requiresPolicy: () => false });
});

async function newAccount(login: string): Promise<{ readonly id: string }> {
  const name = { domain: "example.org", login, email: `${login}@example.org` };
  return putAccount(rig.database, name, new Date(now));
}

async function reread(device: Device): Promise<Device> {
  const [found] = await devices.show(device.id);
  assert.ok(found);
  return found.device;
}

test("Device: it is made at its first request and found at the next", async () => {
  const made = await devices.findOrCreate(account, phone);
  assert.equal(made.accountId, account.id);
  assert.equal(made.access, "allowed");
  assert.deepEqual(await devices.findOrCreate(account, phone), made);
  const events = await listAudit(rig.database, made.id, 10);
  assert.deepEqual(
    events.map(({ event }) => event),
    ["device created"],
  );
});

test("Device: simultaneous first requests make one device", async () => {
  const made = await Promise.all(
    Array.from({ length: 8 }, () => devices.findOrCreate(account, phone)),
  );
  assert.equal(new Set(made.map(({ id }) => id)).size, 1);
  assert.equal((await devices.list()).length, 1);
});

test("Device: the same DeviceId under another account is another device", async () => {
  const other = await newAccount("bob");
  const first = await devices.findOrCreate(account, phone);
  const second = await devices.findOrCreate(other, phone);
  assert.notEqual(first.id, second.id);
  assert.equal((await devices.list(account)).length, 1);
  const shown = await devices.show("fjh8ebgit175v4pbknflavenrk");
  assert.deepEqual(
    shown.map(({ device }) => device.login),
    ["ada", "bob"],
  );
});

test("Device: when it was last seen is written at most once a minute", async () => {
  const made = await devices.findOrCreate(account, phone);
  now += 59_999;
  assert.deepEqual((await devices.findOrCreate(account, phone)).lastSeen, made.lastSeen);
  now += 1;
  await devices.findOrCreate(account, phone);
  assert.equal((await reread(made)).lastSeen.getTime(), now);
});

test("Device: a new version, address or user agent is written at once", async () => {
  const made = await devices.findOrCreate(account, phone);
  const changed = { ...phone, protocolVersion: "16.1", userAgent: "Apple-iPhone/2206" };
  const found = await devices.findOrCreate(account, changed);
  assert.equal(found.protocolVersion, "16.1");
  assert.equal((await reread(made)).userAgent, "Apple-iPhone/2206");
});

test("Device: Gmail's set-up probe is not listed and leaves no event", async () => {
  const probe = await devices.findOrCreate(account, { ...phone, deviceId: "validate" });
  assert.equal(probe.transient, true);
  assert.deepEqual(await devices.list(), []);
  assert.deepEqual(await listAudit(rig.database, probe.id, 10), []);
});

test("Device: signs that a database refuses do not stop it", async () => {
  const odd = { ...phone, deviceType: "iPhone\u0000", userAgent: "\ud800".repeat(3) };
  const made = await devices.findOrCreate(account, odd);
  assert.equal(made.deviceType, "iPhone");
  await devices.putSyncRequest(made, { Collections: "\u0000\ud800" });
  assert.deepEqual(await devices.syncRequest(made), { Collections: "\u0000\ud800" });
  await devices.recordSkipped(made, { collectionId: "f1", number: 1, reason: "bad \u0000 byte" });
});

test("Information: what is told is kept, what is left out stays", async () => {
  const made = await devices.findOrCreate(account, phone);
  await devices.putInformation(made, {
    Model: "iPhone16C1",
    FriendlyName: "Ada's phone",
    IMEI: "990000862471854",
    EnableOutboundSMS: false,
  });
  await devices.putInformation(made, { OS: "iOS 26.1", FriendlyName: "Phone" });
  const { model, friendlyName, os, imei, osLanguage, outboundSms } = await reread(made);
  assert.deepEqual(
    { model, friendlyName, os, imei, osLanguage, outboundSms },
    {
      model: "iPhone16C1",
      friendlyName: "Phone",
      os: "iOS 26.1",
      imei: "990000862471854",
      osLanguage: null,
      outboundSms: false,
    },
  );
});

test("Cached requests: Ping and Sync are kept apart, replaced and forgotten", async () => {
  const made = await devices.findOrCreate(account, phone);
  assert.equal(await devices.pingParameters(made), undefined);
  await devices.putPingParameters(made, { heartbeatSeconds: 480, collectionIds: ["f1", "f2"] });
  await devices.putSyncRequest(made, { WindowSize: 100 });
  await devices.putPingParameters(made, { heartbeatSeconds: 900, collectionIds: ["f1"] });
  assert.deepEqual(await devices.pingParameters(made), {
    heartbeatSeconds: 900,
    collectionIds: ["f1"],
  });
  assert.deepEqual(await devices.syncRequest(made), { WindowSize: 100 });
  await devices.putSyncRequest(made, undefined);
  assert.equal(await devices.syncRequest(made), undefined);
  assert.notEqual(await devices.pingParameters(made), undefined);
});

test("Cached requests: the same parameters again write nothing", async () => {
  const made = await devices.findOrCreate(account, phone);
  const version = async (): Promise<unknown> =>
    (
      await rig.database.rows("test.xmin", "SELECT xmin::text FROM devices WHERE id = $1", [
        made.id,
      ])
    )[0];
  await devices.putPingParameters(made, { heartbeatSeconds: 480, collectionIds: ["f1"] });
  const unchanged = await version();
  await devices.putPingParameters(made, { heartbeatSeconds: 480, collectionIds: ["f1"] });
  assert.deepEqual(await version(), unchanged);
  await devices.putPingParameters(made, { heartbeatSeconds: 481, collectionIds: ["f1"] });
  assert.notDeepEqual(await version(), unchanged);
});

test("Wait: each new one gets a higher number and every process hears of it", async () => {
  const made = await devices.findOrCreate(account, phone);
  const heard: string[] = [];
  const second = Promise.withResolvers<void>();
  using _ = await rig.database.listen((kind, id) => {
    heard.push(`${kind} ${id}`);
    if (heard.length === 2) second.resolve();
  });
  assert.equal(await devices.bumpWaitEpoch(made), 1n);
  assert.equal(await devices.bumpWaitEpoch(made), 2n);
  await second.promise;
  assert.deepEqual(heard, [`wait ${made.id}:1`, `wait ${made.id}:2`]);
});

test("Provision without a policy: both phases answer Status 2 and no key", async () => {
  const made = await devices.findOrCreate(account, phone);
  const none = { commandStatus: 1, policyStatus: 2, key: undefined };
  assert.deepEqual(await devices.requestPolicy(made), none);
  assert.deepEqual(await devices.acknowledge(made, 4711, 1), none);
  assert.equal((await reread(made)).policyState, "none");
  const request = { command: "Sync", version: "14.1", sentKey: undefined } as const;
  assert.equal(devices.gate(made, request), undefined);
});

test("Provision with a policy: temporary key, final key, then commands pass with that alone", async () => {
  const strict = withPolicy();
  const made = await strict.findOrCreate(account, phone);
  const sync = { command: "Sync", version: "14.1" } as const;
  assert.equal(strict.gate(made, { ...sync, sentKey: 0 })?.status, 142);
  const { key: temporary, policyStatus } = await strict.requestPolicy(made);
  assert.equal(policyStatus, 1);
  assert.equal(strict.gate(await reread(made), { ...sync, sentKey: temporary })?.status, 142);
  const { key: final } = await strict.acknowledge(made, temporary, 1);
  const provisioned = await reread(made);
  assert.equal(provisioned.policyState, "acknowledged");
  assert.equal(provisioned.provisionedAt?.getTime(), now);
  assert.notEqual(final, temporary);
  assert.equal(strict.gate(provisioned, { ...sync, sentKey: final }), undefined);
  assert.equal(strict.gate(provisioned, { ...sync, sentKey: temporary })?.status, 144);
});

test("Provision: a key that is not the pending one is Status 5 and changes nothing", async () => {
  const strict = withPolicy();
  const made = await strict.findOrCreate(account, phone);
  assert.equal((await strict.acknowledge(made, 1, 1)).policyStatus, 5);
  const { key } = await strict.requestPolicy(made);
  assert.equal((await strict.acknowledge(made, (key ?? 0) ^ 1, 1)).policyStatus, 5);
  assert.equal((await strict.acknowledge(made, undefined, 1)).policyStatus, 5);
  assert.equal((await strict.acknowledge(made, key, 1)).policyStatus, 1);
  assert.equal((await strict.acknowledge(made, key, 1)).policyStatus, 5);
});

test("Provision: a device that refuses the policy stays outside, and its refusal is on record", async () => {
  const strict = withPolicy();
  const made = await strict.findOrCreate(account, phone);
  const { key } = await strict.requestPolicy(made);
  const answer = await strict.acknowledge(made, key, 3);
  assert.deepEqual([answer.commandStatus, answer.key], [141, undefined]);
  const refused = await reread(made);
  assert.equal(refused.policyState, "refused");
  assert.equal(strict.gate(refused, { command: "Sync", version: "12.1", sentKey: key })?.http, 449);
  const [event] = await listAudit(rig.database, made.id, 1);
  assert.deepEqual(event?.details, { state: "refused" });
});

test("Skipped items: listed once each with the last reason, the newest first, no more than the limit", async () => {
  const made = await devices.findOrCreate(account, phone);
  for (const [number, reason] of [
    [7, "first"],
    [9, "other"],
    [7, "again"],
  ] as const) {
    now += 1000;
    await devices.recordSkipped(made, { collectionId: "f1", number, reason });
  }
  const skipped = await devices.listSkipped(made);
  assert.deepEqual(
    skipped.map(({ number, reason }) => [number, reason]),
    [
      [7, "again"],
      [9, "other"],
    ],
  );
  await rig.database.rows(
    "test.fill",
    `INSERT INTO skipped_items (account_id, device_id, collection_id, number, reason, at)
     SELECT $1, $2, 'f2', n, '', now() FROM generate_series(1, 998) n`,
    [account.id, made.id],
  );
  await devices.recordSkipped(made, { collectionId: "f1", number: 1, reason: "one too many" });
  assert.equal((await devices.listSkipped(made)).length, 1000);
});

test("Accounts: taking one away takes all of its rows", async () => {
  const made = await devices.findOrCreate(account, phone);
  await devices.recordSkipped(made, { collectionId: "f1", number: 1, reason: "x" });
  await removeAccount(rig.database, account.id);
  for (const table of ["devices", "audit", "skipped_items"]) {
    assert.deepEqual(await rig.database.rows(`test.${table}`, `SELECT FROM ${table}`), []);
  }
  assert.equal(await devices.bumpWaitEpoch(made), 0n);
});
