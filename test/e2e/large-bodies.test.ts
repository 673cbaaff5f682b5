/** Large mails and attachments pass whole and hardly count in the gateway's memory; bench:large has the figures. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Phone } from "../client/phone.ts";
import { memoryOf, resetPeak } from "../load/large/memory.ts";
import { find, paths, type Path } from "../load/large/paths.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";
import { openProcesses, type GatewayProcesses } from "./processes.ts";

const largeBytes = 40 * 1024 * 1024;
const warmBytes = 400 * 1024;
const warmRounds = 5;

/** What is streamed leaves some MB that are not collected yet; held once it was 44 MB or more. */
const boundMb = 30;

/** A collection may come late when the machine is busy; what is held in memory is so every time. */
const attempts = 4;

let mail: MailServers;
let processes: GatewayProcesses;

before(async () => {
  mail = await mailServers();
  processes = await openProcesses(mail);
});

after(async () => {
  await processes?.[Symbol.asyncDispose]();
  await mail?.stop();
});

/** By how much a gateway grows at the most: a new one each time, as memory that was used once counts no more. */
async function growthMb({ name, version, run }: Path): Promise<number> {
  await using gateway = await processes.start();
  const user = mail.freshUser();
  using phone = new Phone({ url: gateway.url, user, password, version });
  await phone.folderSync();
  const scene = { mail, phone, user, inbox: phone.folderOfType(2) };
  if (!name.includes("Send")) await find(scene, largeBytes);
  for (let round = 0; round < warmRounds; round++) await run(scene, warmBytes);
  const beforeMb = await resetPeak(gateway.pid);
  assert.ok(await run(scene, largeBytes), "every octet arrived");
  return (await memoryOf(gateway.pid)).peakMb - beforeMb;
}

for (const path of paths) {
  test(`Large bodies: ${path.name} comes whole, in little memory`, async (t) => {
    let leastMb = Infinity;
    for (let attempt = 0; attempt < attempts && leastMb >= boundMb; attempt++) {
      leastMb = Math.min(leastMb, await growthMb(path));
      t.diagnostic(`grew by ${leastMb.toFixed(0)} MB`);
    }
    assert.ok(leastMb < boundMb, `the gateway grew by ${leastMb.toFixed(0)} MB`);
  });
}
