import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { openTestDatabase, type TestDatabase } from "../../test/rig/database.ts";
import { systemClock } from "../kit/clock.ts";
import { putAccount } from "../store/accounts.ts";
import { findRecoveryPassword } from "../store/devices.ts";
import { Devices, type Device } from "./devices.ts";
import { Recovery } from "./recovery.ts";

let rig: TestDatabase;
let devices: Devices;
let device: Device;

before(async () => {
  rig = await openTestDatabase();
  devices = new Devices({
    database: rig.database,
    clock: systemClock,
    requiresPolicy: () => false,
  });
  const name = { domain: "example.org", login: "ada", email: "ada@example.org" };
  const account = await putAccount(rig.database, name, new Date(systemClock.now()));
  device = await devices.findOrCreate(account, {
    deviceId: "phone",
    deviceType: "iPhone",
    userAgent: "",
    protocolVersion: "14.1",
    address: "",
  });
});
after(() => rig[Symbol.asyncDispose]());

function recoveryWith(key: string | undefined): Recovery {
  return new Recovery({ database: rig.database, clock: systemClock, key });
}

test("Recovery: a password is kept sealed, shown to the administrator, and that is written down", async () => {
  const recovery = recoveryWith("the operator's words");
  assert.equal(await recovery.put(device, "48151623"), true);
  const stored = await findRecoveryPassword(rig.database, device.id);
  assert.ok(stored !== null && !stored.includes("48151623"));
  assert.equal(await recovery.show(device), "48151623");
  const [shown] = await devices.show(device.id);
  assert.ok(shown?.events.some(({ event }) => event === "recovery password shown"));
});

test("Recovery: another key opens nothing, no key keeps nothing, an empty password forgets", async () => {
  const recovery = recoveryWith("the operator's words");
  await recovery.put(device, "48151623");
  assert.equal(await recoveryWith("other words").show(device), undefined);
  assert.equal(await recoveryWith(undefined).put(device, "1"), false);
  assert.equal(await recovery.show(device), "48151623");
  await recovery.put(device, "");
  assert.equal(await recovery.show(device), undefined);
});
