/** The gateway killed with `kill -9`: ten rounds of what test/load/kill.ts does a hundred times. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { startMailServers, type MailServers } from "../rig/mail/servers.ts";
import { openProcesses, type GatewayProcesses } from "./processes.ts";
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
