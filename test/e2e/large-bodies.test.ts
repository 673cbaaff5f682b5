/** Large mails and attachments pass whole and hardly count in the gateway's memory; bench:large has the figures. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Phone } from "../client/phone.ts";
import { memoryOf, resetPeak } from "../load/large/memory.ts";
import { find, paths } from "../load/large/paths.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";
import { openProcesses, type GatewayProcess, type GatewayProcesses } from "./processes.ts";

const largeBytes = 24 * 1024 * 1024;
const warmBytes = 400 * 1024;

/** Held once in memory it would be more than this; what is streamed has left under 20 MB. */
const boundMb = 50;

let mail: MailServers;
let processes: GatewayProcesses;
let gateway: GatewayProcess;

before(async () => {
  mail = await mailServers();
  processes = await openProcesses(mail);
  gateway = await processes.start();
});

after(async () => {
  await processes?.[Symbol.asyncDispose]();
  await mail?.stop();
});

for (const { name, version, run } of paths) {
  test(`Large bodies: ${name} comes whole, in little memory`, async () => {
    const user = mail.freshUser();
    using phone = new Phone({ url: gateway.url, user, password, version });
    await phone.folderSync();
    const scene = { mail, phone, user, inbox: phone.folderOfType(2) };
    if (!name.includes("Send")) await find(scene, largeBytes);
    for (let round = 0; round < 3; round++) await run(scene, warmBytes);
    // A collection may come late when the machine is busy; what is held in memory is so every time.
    let leastMb = Infinity;
    for (let round = 0; round < 4 && leastMb >= boundMb; round++) {
      const beforeMb = await resetPeak(gateway.pid);
      assert.ok(await run(scene, largeBytes), "every octet arrived");
      leastMb = Math.min(leastMb, (await memoryOf(gateway.pid)).peakMb - beforeMb);
    }
    assert.ok(leastMb < boundMb, `the gateway grew by ${leastMb.toFixed(0)} MB`);
  });
}
