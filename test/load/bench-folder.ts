/**
 * `npm run bench:folder [mails]`: a folder of 200,000 mails beside one of 1,000: first windows, filters, Syncs
 * without changes, single changes of others and of the device, estimates, memory. Fails only on a wrong count.
 */
import assert from "node:assert/strict";
import { argv } from "node:process";
import type { ImapFlow } from "imapflow";
import { Phone, type SyncWishes } from "../client/phone.ts";
import type { SeedMail } from "../rig/mail/seed.ts";
import { quantile, startMeasuredGateway } from "./gateway-process.ts";

const [large = 200_000] = argv.slice(2).map(Number);
const few = 1_000;
const repeats = 30;

/** Mails of the last three days and the last month, in either folder. */
const [inThreeDays, inMonth] = [100, 600];

const wishes = (FilterType: number, WindowSize: number): SyncWishes => ({
  WindowSize,
  Options: [{ FilterType, BodyPreference: [{ Type: 1, TruncationSize: 512 }] }],
});

await using gateway = await startMeasuredGateway("http.free_requests = 0");
const user = gateway.mail.freshUser();
const other = await gateway.mail.imapClient(user);
await seed();
const before = await gateway.memory();
const results = [await play("Small", few), await play("Large", large)] as const;
await other.logout();
print(...results);
const after = await gateway.memory();
console.log(
  `memory: ${before.nowMb.toFixed(0)} MB before, ${after.nowMb.toFixed(0)} MB after, ${after.peakMb.toFixed(0)} MB at most`,
);

/** The last mails are of the last month, those before a year old. */
function mails(count: number): SeedMail[] {
  const now = Date.now();
  const daysOf = (left: number): number => (left < inThreeDays ? 1 : left < inMonth ? 14 : 365);
  return Array.from({ length: count }, (_, index) => ({
    mime: Buffer.from(
      `From: a@example.test\r\nSubject: mail ${index}\r\nContent-Type: text/plain\r\n\r\nshort\r\n`,
    ),
    received: new Date(now - daysOf(count - 1 - index) * 86_400_000),
  }));
}

async function seed(): Promise<void> {
  const started = performance.now();
  await gateway.mail.seed(user, "Small", mails(few));
  await gateway.mail.seed(user, "Large", mails(large));
  console.log(`seeded in ${((performance.now() - started) / 1000).toFixed(0)} s`);
}

type Figures = Readonly<Record<string, readonly number[]>>;

/** Everything that a device does in a folder; ms of each step. */
async function play(name: string, count: number): Promise<Figures> {
  const figures: Record<string, number[]> = {};
  const timed = async <Result>(step: string, work: () => Promise<Result>): Promise<Result> => {
    const started = performance.now();
    const result = await work();
    (figures[step] ??= []).push(performance.now() - started);
    return result;
  };
  for (let round = 0; round < 5; round++) {
    using phone = await phoneWith(name);
    const folder = phone.folderNamed(name);
    const first = await timed("first window of all mails", () =>
      phone.sync(folder, wishes(0, 100)),
    );
    assert.deepEqual([first.adds.length, first.more], [100, true]);
    const second = await timed("second window", () => phone.sync(folder, wishes(0, 100)));
    assert.equal(second.adds.length, 100);
  }
  using phone = await phoneWith(name);
  await days(phone, phone.folderNamed(name), timed);
  await changes(phone, { name, count }, timed);
  return figures;
}

type Timed = <Result>(step: string, work: () => Promise<Result>) => Promise<Result>;

async function phoneWith(name: string): Promise<Phone> {
  const phone = new Phone({ url: gateway.url, user, password: "secret", version: "16.1" });
  await phone.folderSync();
  await phone.prime(phone.folderNamed(name));
  return phone;
}

/** Three days at first, then a wider filter, then a narrower one (MS-ASCMD 2.2.3.68.2). */
async function days(phone: Phone, folder: string, timed: Timed): Promise<void> {
  const estimate = await timed("estimate of three days", () => estimated(phone, folder));
  assert.equal(estimate, inThreeDays);
  const three = await timed("first window of three days", () => phone.sync(folder, wishes(2, 100)));
  assert.equal(three.adds.length, inThreeDays);
  const wider = await timed("filter widened to a month", () => phone.sync(folder, wishes(5, 512)));
  assert.equal(wider.adds.length, inMonth - inThreeDays);
}

async function estimated(phone: Phone, CollectionId: string): Promise<number | undefined> {
  const SyncKey = phone.key(CollectionId);
  const Collection = [{ SyncKey, CollectionId, Options: [{ FilterType: 2 }] }];
  const { body } = await phone.client.send("GetItemEstimate", { Collections: { Collection } });
  return body?.Response[0]?.Collection?.Estimate;
}

/** Single changes, again and again: by another client, and by the device. */
async function changes(
  phone: Phone,
  { name, count }: { readonly name: string; readonly count: number },
  timed: Timed,
): Promise<void> {
  const folder = phone.folderNamed(name);
  const month = wishes(5, 100);
  for (let round = 0; round < repeats; round++) {
    await timed("Sync without changes", () => phone.sync(folder, month));
    const uid = count - round;
    await elsewhere(name, (client) =>
      client.messageFlagsAdd(`${uid}`, ["\\Flagged"], { uid: true }),
    );
    const flagged = await timed("Sync after a flag by another client", () =>
      phone.sync(folder, month),
    );
    assert.deepEqual(flagged.changes, [`${folder}:${uid}`]);
    const Read = {
      Change: { ServerId: `${folder}:${uid}`, ApplicationData: { Email: { Read: true } } },
    };
    const read = await timed("Sync that marks a mail as read", () =>
      phone.sync(folder, { ...month, Commands: [Read] }),
    );
    assert.deepEqual([read.status, read.responses, read.changes], [1, [], []]);
    await elsewhere(name, (client) =>
      client.messageDelete(`${count - repeats - round}`, { uid: true }),
    );
    const gone = await timed("Sync after a deletion by another client", () =>
      phone.sync(folder, month),
    );
    assert.equal(gone.deletes.length, 1);
  }
}

async function elsewhere(
  path: string,
  work: (client: ImapFlow) => Promise<unknown>,
): Promise<void> {
  if (other.mailbox === false || other.mailbox.path !== path) await other.mailboxOpen(path);
  await work(other);
}

function print(small: Figures, big: Figures): void {
  console.log(`median ms in a folder of ${few} and of ${large} mails`);
  for (const [step, times] of Object.entries(small)) {
    const [one, two] = [quantile(times, 0.5), quantile(big[step] ?? [], 0.5)];
    console.log(`  ${step}: ${one.toFixed(1)}  ${two.toFixed(1)}  (x ${(two / one).toFixed(2)})`);
  }
}
