/**
 * `npm run bench:empty [mails] [folders]`: EmptyFolderContents in a folder of 100,000 mails beside one of 1,000, a
 * folder of 2,000 folders told, emptied and deleted: time, IMAP round trips, memory. Fails only on a wrong count.
 */
import assert from "node:assert/strict";
import { argv } from "node:process";
import type { ImapFlow } from "imapflow";
import { Phone } from "../client/phone.ts";
import type { SeedMail } from "../rig/mail/seed.ts";
import { startMeasuredGateway, type RequestLine } from "./gateway-process.ts";

const [large = 100_000, many = 2_000] = argv.slice(2).map(Number);
const few = 1_000;
/** Mails of the folder that the phone was told before it is emptied. */
const told = 100;

await using gateway = await startMeasuredGateway();
const user = gateway.mail.freshUser();
await seed();
using phone = new Phone({ url: gateway.url, user, password: "secret", version: "16.1" });

await measured(`FolderSync of ${many} folders in one`, "FolderSync", async () => {
  assert.equal(await phone.folderSync(), 1);
});
assert.ok(phone.folders.size > many, `${phone.folders.size} folders`);
await measured("FolderSync without changes", "FolderSync", async () => {
  assert.equal(await phone.folderSync(), 1);
});
for (const [name, count] of [
  ["Small", few],
  ["Large", large],
] as const) {
  await emptied(name, count);
}
const tree = phone.folderNamed("Tree");
await measured(`EmptyFolderContents with ${many} subfolders`, "ItemOperations", async () => {
  assert.equal(await phone.emptyFolder(tree, true), 1);
});
await measured(`FolderSync after it`, "FolderSync", async () => {
  assert.equal(await phone.folderSync(), 1);
});
assert.ok(phone.folders.size < 20, `${phone.folders.size} folders`);
await using imap = await gateway.mail.imapClient(user);
await plant(imap, "Grove");
assert.equal(await phone.folderSync(), 1);
await measured(`FolderDelete of a folder with ${many} subfolders`, "FolderDelete", async () => {
  await phone.deleteFolder(phone.folderNamed("Grove"));
});
assert.equal(await phone.folderSync(), 1);
assert.ok(phone.folders.size < 20, `${phone.folders.size} folders`);

async function seed(): Promise<void> {
  const started = performance.now();
  await gateway.mail.seed(user, "Small", mails(few));
  await gateway.mail.seed(user, "Large", mails(large));
  await using client = await gateway.mail.imapClient(user);
  await plant(client, "Tree");
  console.log(`seeded in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

async function plant(client: ImapFlow, name: string): Promise<void> {
  for (let number = 0; number < many; number++) await client.mailboxCreate([name, `f${number}`]);
}

function mails(count: number): SeedMail[] {
  return Array.from({ length: count }, (_, index) => ({
    mime: Buffer.from(
      `From: a@example.test\r\nSubject: mail ${index}\r\nContent-Type: text/plain\r\n\r\nshort\r\n`,
    ),
  }));
}

/** A folder of which the phone has some mails is emptied, twice, and the phone told what is gone. */
async function emptied(name: string, count: number): Promise<void> {
  const folder = phone.folderNamed(name);
  await phone.prime(folder);
  const { adds } = await phone.sync(folder, { WindowSize: told });
  assert.equal(adds.length, told);
  for (const round of ["", ", repeated"]) {
    await measured(`EmptyFolderContents of ${count} mails${round}`, "ItemOperations", async () => {
      assert.equal(await phone.emptyFolder(folder), 1);
    });
  }
  await measured("  the Sync after it", "Sync", async () => {
    const { deletes, more } = await phone.sync(folder, { WindowSize: 512 });
    assert.deepEqual([deletes.length, more], [told, false]);
  });
  await using client = await gateway.mail.imapClient(user);
  const left = await client.status(name, { messages: true });
  assert.ok(left !== false && left.messages === 0, `${name} is empty`);
}

/** The line of the log for the last request: it comes after its answer. */
async function lastRequest(command: string): Promise<RequestLine> {
  for (;;) {
    const line = gateway.takeRequests().findLast((request) => request.command === command);
    if (line !== undefined) return line;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** Prints what a step that is one request cost. */
async function measured(
  step: string,
  command: "FolderDelete" | "FolderSync" | "ItemOperations" | "Sync",
  work: () => Promise<void>,
): Promise<void> {
  gateway.takeRequests();
  const before = await gateway.resetPeak();
  const cpu = await gateway.cpuSeconds();
  const started = performance.now();
  await work();
  const ms = performance.now() - started;
  const { roundTrips, bytesOut } = await lastRequest(command);
  const { peakMb } = await gateway.memory();
  const cpuMs = ((await gateway.cpuSeconds()) - cpu) * 1000;
  console.log(
    `${step}: ${ms.toFixed(0)} ms, ${cpuMs.toFixed(0)} ms CPU, ${roundTrips} IMAP round trips, ` +
      `${bytesOut} octets out, memory + ${(peakMb - before).toFixed(1)} MB at most`,
  );
}
