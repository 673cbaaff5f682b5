/** The gateway killed with `kill -9`: ten rounds of what test/load/kill.ts does a hundred times. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Phone } from "../client/phone.ts";
import { startMailServers, type MailServers } from "../rig/mail/servers.ts";
import { FolderTrial } from "./folder-trial.ts";
import { ForwardTrial, forwardStops } from "./forward-trial.ts";
import { MoveTrial, moveStops, removeStops } from "./move-trial.ts";
import { openProcesses, type GatewayProcesses } from "./processes.ts";
import { addStops, changeStops, DraftTrial, sendStops } from "./draft-trial.ts";
import { Trial } from "./trial.ts";

let mail: MailServers;
let processes: GatewayProcesses;

before(async () => {
  mail = await startMailServers();
  processes = await openProcesses(mail);
});

after(async () => {
  await processes?.[Symbol.asyncDispose]();
  await mail?.stop();
});

test("Kill: a mail that is repeated after a kill at each step of sending came once, in the one window once or twice", async (t) => {
  await using trial = await Trial.open(mail, processes);
  for (const stop of ["accepted", "delivered", "sent", "appended", "filed"] as const) {
    await trial.sendAndKill(stop);
  }
  const counts = await trial.check();
  t.diagnostic(JSON.stringify(counts));
  assert.equal(counts.kills, 5);
});

test("Kill: a forward that is repeated after a kill at each of its steps came once, and shows on its original", async (t) => {
  await using trial = await ForwardTrial.open(mail, processes, { version: "16.1" });
  for (const stop of forwardStops) await trial.forwardAndKill(stop);
  const counts = await trial.check();
  t.diagnostic(JSON.stringify(counts));
  assert.equal(counts.kills, forwardStops.length);
});

test("Kill: a Sync that is repeated after a kill loses and doubles nothing", async (t) => {
  await using trial = await Trial.open(mail, processes, { mails: 12 });
  await trial.syncAndKill("before move");
  await trial.syncAndKill("after move");
  await trial.deliver();
  await trial.syncAndKill("after list");
  await trial.syncAndKill("before answer");
  await trial.deliver();
  await trial.syncAndKill(10);
  const counts = await trial.check();
  t.diagnostic(JSON.stringify(counts));
  assert.equal(counts.kills, 5);
});

test("Kill: folders made, renamed and deleted by a phone are so once, with the ids that they had", async () => {
  await using trial = await Trial.open(mail, processes);
  const { phone } = trial;
  const make = (name: string) => (on: Phone) => on.createFolder(name);
  const one = await trial.doAndKill("before folder created", make("One"));
  const two = await trial.doAndKill("after folder created", make("Two"));
  const three = await trial.doAndKill("before answer", make("Three"));
  await phone.createFolder("Inside", two);
  const rename = (on: Phone) => on.updateFolder(two, "Second", three);
  await trial.doAndKill("after folder renamed", rename);
  await trial.doAndKill("after folder deleted", (on) => on.deleteFolder(one));
  assert.equal(await phone.folderSync(), 1);
  const known = new Map(phone.folders);
  phone.hierarchyKey = "0";
  assert.equal(await phone.folderSync(), 1);
  assert.deepEqual(Object.fromEntries(known), Object.fromEntries(phone.folders));
  await using client = await mail.imapClient(trial.user);
  const paths = (await client.list()).map(({ path }) => path);
  const ours = paths.filter((path) => /One|Two|Second|Three|Inside/.test(path));
  assert.deepEqual(ours.toSorted(), ["Three", "Three/Second", "Three/Second/Inside"]);
});

test("Kill: drafts that a phone writes, changes and sends are there once, under the ids that they had", async (t) => {
  await using trial = await DraftTrial.open(mail, processes, { version: "16.1", mails: 1 });
  for (const stop of addStops) await trial.addAndKill(stop);
  for (const stop of changeStops) await trial.changeAndKill(stop);
  for (const stop of sendStops.slice(-3)) await trial.sendAndKill(stop);
  const counts = await trial.check();
  t.diagnostic(JSON.stringify(counts));
});

test("Kill: mails that a phone moves or deletes for good are moved and deleted once", async (t) => {
  await using trial = await MoveTrial.open(mail, processes, { version: "14.1", mails: 20 });
  for (const stop of moveStops) await trial.moveAndKill(stop);
  for (const stop of removeStops) await trial.removeAndKill(stop);
  const counts = await trial.check();
  t.diagnostic(JSON.stringify(counts));
  assert.equal(counts.kills, moveStops.length + removeStops.length);
});

test("Kill: a folder that a phone empties with all below is empty when the phone repeats it, and nothing else is", async () => {
  await using trial = await Trial.open(mail, processes);
  const { phone, user } = trial;
  const letters = [{ mime: Buffer.from("Subject: a letter\r\n\r\nWords.\r\n") }];
  const full = await phone.createFolder("Full");
  const stops = ["before empty", "after empty", "after folder deleted", "before answer"] as const;
  for (const stop of stops) {
    await phone.createFolder("One", full);
    await phone.createFolder("Two", full);
    for (const path of ["Full", "Full/One"]) await mail.seed(user, path, letters);
    assert.equal(await trial.doAndKill(stop, (on) => on.emptyFolder(full, true)), 1, stop);
    assert.equal(await phone.folderSync(), 1);
    await phone.syncAll(full);
    assert.deepEqual(await trial.subjectsOf("Full"), [], stop);
    const below = [...phone.folders.values()].filter(({ parentId }) => parentId === full);
    assert.deepEqual([phone.mails(full).size, below.length], [0, 0], stop);
  }
  const counts = await trial.check();
  assert.equal(counts.kills, stops.length);
});

test("Kill: folders that a phone empties and conversations that it moves are so once", async (t) => {
  await using trial = await FolderTrial.open(mail, processes, { version: "16.1" });
  await trial.empty("after empty");
  await trial.converse("after move");
  await trial.converse("move done");
  const counts = await trial.check();
  t.diagnostic(JSON.stringify(counts));
  assert.equal(counts.kills, 3);
});
