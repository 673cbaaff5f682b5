/**
 * `npm run bench:push`: 200 held Pings of 100 users (two devices each). Prints the time from LMTP's 250 to the
 * Ping's answer, the memory of a held Ping, and the IMAP round trips of the Sync that follows. Dovecot itself takes
 * 0.2-0.5 s to tell an IDLE.
 */
import assert from "node:assert/strict";
import { argv } from "node:process";
import { Phone } from "../client/phone.ts";
import { quantile, startMeasuredGateway, type MeasuredGateway } from "./gateway-process.ts";

const [users = 100, devicesPerUser = 2] = argv.slice(2).map(Number);

/**
 * The rig's Dovecot hibernates connections after 5 s, and may lose the news of a mail that comes just then: such a mail
 * is found by a look some seconds later (docs/mail-servers.md). What is measured begins when all have hibernated.
 */
const hibernatedMs = 12_000;

await using gateway = await startMeasuredGateway();
const phones = await signIn(gateway);
const before = await gateway.memory();
const answers = phones.map(({ phone, inbox }) => hold(phone, inbox));
await settled(gateway, phones.length);
const held = await gateway.memory();
const delays = await deliverAll(gateway, answers);
const perPing = ((held.nowMb - before.nowMb) * 1024) / phones.length;
console.log(`held Pings: ${phones.length} of ${users} users
delivery to answer: median ${quantile(delays, 0.5).toFixed(0)} ms, p99 ${quantile(delays, 0.99).toFixed(0)} ms, slowest ${Math.max(...delays).toFixed(0)} ms
memory: ${before.nowMb.toFixed(0)} MB before, ${held.nowMb.toFixed(0)} MB held: ${perPing.toFixed(0)} KB RSS per held Ping (with its share of a watcher)`);
const trips = await syncAll(gateway, phones);
console.log(
  `Sync after the push: ${quantile(trips, 0.5)} IMAP round trips, most ${Math.max(...trips)}`,
);
for (const { phone } of phones) phone[Symbol.dispose]();

interface Signed {
  readonly user: string;
  readonly phone: Phone;
  readonly inbox: string;
}

async function signIn({ url, mail }: MeasuredGateway): Promise<Signed[]> {
  const signed: Signed[] = [];
  for (let index = 0; index < users; index++) {
    const user = mail.freshUser();
    await mail.deliver(user, Buffer.from(`Subject: first\r\n\r\nhello\r\n`));
    for (let device = 0; device < devicesPerUser; device++) {
      const phone = new Phone({ url, user, password: "secret", version: "14.1" });
      await phone.folderSync();
      const inbox = phone.folderOfType(2);
      await phone.syncAll(inbox);
      signed.push({ user, phone, inbox });
    }
  }
  return signed;
}

interface Held {
  readonly user: string;
  readonly answeredAt: Promise<number>;
}

function hold(phone: Phone, inbox: string): Held {
  const answer = phone.ping({ heartbeatSeconds: 900, collectionIds: [inbox] });
  const answeredAt = answer.then(({ Status }) => {
    assert.equal(Status, 2, "the Ping was answered by a change");
    return performance.now();
  });
  return { user: phone.client.options.user, answeredAt };
}

/** Until all are held and their watchers idle, and memory has come to rest. */
async function settled(measured: MeasuredGateway, count: number): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, hibernatedMs));
  for (let last = 0; ;) {
    await new Promise((resolve) => setTimeout(resolve, 2_000));
    const { nowMb } = await measured.memory();
    if (Math.abs(nowMb - last) * 1024 < count) return;
    last = nowMb;
  }
}

/** Each phone fetches the mail that it was told of. */
async function syncAll(measured: MeasuredGateway, all: readonly Signed[]): Promise<number[]> {
  measured.takeRequests();
  for (const { phone, inbox } of all) {
    const { adds } = await phone.sync(inbox, {
      Options: [{ BodyPreference: [{ Type: 2, TruncationSize: 32_768 }] }],
    });
    assert.equal(adds.length, 1, "the mail that woke the Ping comes");
  }
  const lines = measured.takeRequests().filter(({ command }) => command === "Sync");
  return lines.map((line) => line.roundTrips ?? 0);
}

async function deliverAll({ mail }: MeasuredGateway, all: readonly Held[]): Promise<number[]> {
  const byUser = Map.groupBy(all, ({ user }) => user);
  const taken: number[] = [];
  for (const [user, pings] of byUser) {
    await mail.deliver(user, Buffer.from(`Subject: wake\r\n\r\nup\r\n`));
    const deliveredAt = performance.now();
    for (const { answeredAt } of pings) taken.push((await answeredAt) - deliveredAt);
  }
  return taken;
}
