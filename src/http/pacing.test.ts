import assert from "node:assert/strict";
import { test } from "node:test";
import { StillClock } from "../kit/still-clock.ts";
import { bare, emptySuccess, success, wbxmlType } from "./outgoing.ts";
import { Pacing } from "./pacing.ts";

const forever = new AbortController().signal;
const free = 10;

/** Whether a device is let go on at once. */
async function passes(pacing: Pacing, deviceId: string, signal = forever): Promise<boolean> {
  let isThrough = false;
  pacing.turn(deviceId, signal).then(
    () => (isThrough = true),
    () => undefined,
  );
  await new Promise((resolve) => setImmediate(resolve));
  return isThrough;
}

test("Pacing: a device that asks for nothing over and over goes on once a second, others at once", async () => {
  const clock = new StillClock();
  const pacing = new Pacing(clock, free);
  for (let count = 0; count < free; count++) pacing.note("loops", "Sync", emptySuccess);
  assert.equal(await passes(pacing, "loops"), true);
  pacing.note("loops", "Sync", emptySuccess);
  assert.equal(await passes(pacing, "loops"), false);
  assert.equal(await passes(pacing, "another"), true);
  const turn = pacing.turn("loops", forever);
  clock.advance(1_000);
  await turn;
  clock.advance(free * 1_000);
  for (let count = 0; count < free; count++) pacing.note("loops", "Sync", emptySuccess);
  assert.equal(await passes(pacing, "loops"), true, "a while later it has its free requests again");
});

test("Pacing: what brings something is never counted, failures and refreshes of the folders are", async () => {
  const clock = new StillClock();
  const something = success(wbxmlType, Buffer.from("x"), 1);
  const cases = [
    ["Sync", something, true],
    ["SendMail", emptySuccess, true],
    ["ItemOperations", something, true],
    ["Ping", success(wbxmlType, Buffer.from("x"), 2), true],
    ["FolderSync", something, false],
    ["Sync", success(wbxmlType, Buffer.from("x"), 3), false],
    ["SendMail", bare(400), false],
  ] as const;
  for (const [command, answer, isFree] of cases) {
    const pacing = new Pacing(clock, free);
    for (let count = 0; count <= free; count++) pacing.note("device", command, answer);
    assert.equal(await passes(pacing, "device"), isFree, command);
  }
});

test("Pacing: a device that hangs up waits no longer; 0 free requests pace nobody", async () => {
  const clock = new StillClock();
  const pacing = new Pacing(clock, 1);
  for (let count = 0; count < 3; count++) pacing.note("device", "FolderSync", emptySuccess);
  const hangUp = new AbortController();
  const turn = pacing.turn("device", hangUp.signal);
  hangUp.abort(new Error("hung up"));
  await assert.rejects(turn, /hung up/);
  const never = new Pacing(clock, 0);
  for (let count = 0; count < 1_000; count++) never.note("device", "FolderSync", emptySuccess);
  assert.equal(await passes(never, "device"), true);
});
