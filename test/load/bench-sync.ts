/**
 * `npm run bench:sync [-- MAILS [FIRST]]`: 10,000 short mails and half as many ordinary ones in windows of 100 beside
 * a bare IMAP client on the same server, Syncs without changes in folders of 1,000 and 200,000 mails, and half of
 * their flags set at once by another client. Prints figures; fails only on a wrong count.
 */
import assert from "node:assert/strict";
import { argv } from "node:process";
import { Phone, type SyncWishes } from "../client/phone.ts";
import { ordinaryMails } from "../rig/mail/ordinary-mails.ts";
import { realisticMails, type SeedMail } from "../rig/mail/seed.ts";
import type { BareLogin } from "./bare-imap.ts";
import { startBareLoop } from "./bare-loop.ts";
import { firstSync, type Measured } from "./first-sync.ts";
import { quantile, startMeasuredGateway, type MeasuredGateway } from "./gateway-process.ts";

const [large = 200_000, whole = 10_000] = argv.slice(2).map(Number);

/** How often the gateway and the bare loop are measured, one after the other. */
const turns = 5;

/** As often as the gateway has made a first Sync by then. */
const warmRounds = 2;

const seededAtOnce = 500;

const plain: SyncWishes = {
  WindowSize: 512,
  Options: [{ BodyPreference: [{ Type: 1, TruncationSize: 0 }] }],
};

await using gateway = await startMeasuredGateway("http.free_requests = 0");
await wholeMailbox(gateway, "short mails", shortMails(whole));
await wholeMailbox(gateway, "ordinary mails", ordinaryMails(whole / 2));
await quietSyncs(gateway, large);

function phoneOf({ url }: MeasuredGateway, user: string): Phone {
  return new Phone({ url, user, password: "secret", version: "14.1" });
}

async function* shortMails(count: number): AsyncGenerator<SeedMail> {
  yield* realisticMails(count);
}

/** Puts mails into an Inbox, not all of them in memory; says how many. */
async function fill(
  { mail }: MeasuredGateway,
  user: string,
  mails: AsyncIterable<SeedMail>,
): Promise<number> {
  let [count, batch]: [number, SeedMail[]] = [0, []];
  const put = async (): Promise<void> => await mail.seed(user, "INBOX", batch.splice(0));
  for await (const each of mails) {
    count++;
    if (batch.push(each) === seededAtOnce) await put();
  }
  if (batch.length > 0) await put();
  return count;
}

async function wholeMailbox(
  measured: MeasuredGateway,
  kind: string,
  mails: AsyncIterable<SeedMail>,
): Promise<void> {
  const user = measured.mail.freshUser();
  const count = await fill(measured, user, mails);
  const login = { port: measured.mail.imap.port, user, password: "secret" };
  const cpuSeconds = (): Promise<number> => measured.cpuSeconds();
  const server = { url: measured.url, user, password: "secret", cpuSeconds };
  // A gateway that has just been started has no compiled code yet, and the mail server nothing in its caches.
  const cold = await firstSync(server);
  cold.phone[Symbol.dispose]();
  measured.takeRequests();
  const synced = await firstSync(server);
  using phone = synced.phone;
  const requests = measured.takeRequests().filter(({ command }) => command === "Sync");
  const trips = requests.map((line) => line.roundTrips ?? 0);
  const bytes = requests.reduce((sum, line) => sum + (line.bytesOut ?? 0), 0);
  assert.equal(synced.mails, count, "every mail came, none twice");
  await sameFlags(measured, user, phone, synced.inbox);
  const { peakMb } = await measured.memory();
  const { own, bare, shares } = await inTurns(server, login);
  print(`first sync, ${kind}`, {
    mails: count,
    windows: synced.windows,
    "mails/s": Math.round(own),
    "mails/s of a gateway just started": Math.round(cold.mailsPerSecond),
    "mails/s of a bare imapflow loop": Math.round(bare),
    "share of the bare loop": `${percent(own / bare)} (in turns: ${shares.map(percent).join(", ")})`,
    "CPU ms/mail": synced.cpuMsPerMail.toFixed(2),
    "IMAP round trips/window": `${quantile(trips, 0.5)} (most ${Math.max(...trips)})`,
    "MB sent": (bytes / 1e6).toFixed(1),
    "peak RSS MB": Math.round(peakMb),
  });
}

/** Medians of the gateway and of the loop: the machine is not the same from second to second. */
async function inTurns(
  server: Measured,
  login: BareLogin,
): Promise<{ readonly own: number; readonly bare: number; readonly shares: readonly number[] }> {
  await using loop = startBareLoop();
  // The gateway has made Syncs by now, and the loop has to be as warm.
  for (let round = 0; round < warmRounds; round++) await loop.run(login);
  const [own, bare]: [number[], number[]] = [[], []];
  for (let turn = 0; turn < turns; turn++) {
    bare.push(await loop.run(login));
    const { mailsPerSecond, phone } = await firstSync(server);
    phone[Symbol.dispose]();
    own.push(mailsPerSecond);
  }
  const shares = own.map((each, turn) => each / (bare[turn] ?? Number.NaN));
  return { own: quantile(own, 0.5), bare: quantile(bare, 0.5), shares };
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

async function sameFlags(
  { mail }: MeasuredGateway,
  user: string,
  phone: Phone,
  inbox: string,
): Promise<void> {
  const client = await mail.imapClient(user);
  await client.mailboxOpen("INBOX");
  const mails = phone.mails(inbox);
  let compared = 0;
  for await (const { uid, flags } of client.fetch("1:*", { uid: true, flags: true })) {
    const own = mails.get(`${inbox}:${uid}`);
    assert.equal(own?.Read, flags?.has("\\Seen") ?? false, `Read of ${uid}`);
    assert.equal(own?.Flag?.Status === 2, flags?.has("\\Flagged") ?? false, `flag of ${uid}`);
    compared++;
  }
  assert.equal(compared, mails.size, "the phone has what IMAP has");
  await client.logout();
}

function smallMails(count: number): SeedMail[] {
  const body = "Content-Type: text/plain\r\n\r\nshort\r\n";
  return Array.from({ length: count }, (_, index) => ({
    mime: Buffer.from(`From: a@example.test\r\nSubject: small ${index}\r\n${body}`),
  }));
}

async function quietSyncs(measured: MeasuredGateway, count: number): Promise<void> {
  const user = measured.mail.freshUser();
  await measured.mail.seed(user, "Small", smallMails(1_000));
  await measured.mail.seed(user, "Large", smallMails(count));
  using phone = phoneOf(measured, user);
  await phone.folderSync();
  const [small, big] = [phone.folderNamed("Small"), phone.folderNamed("Large")];
  await phone.syncAll(small, plain);
  const started = performance.now();
  await phone.syncAll(big, plain);
  print("first sync without bodies", {
    mails: count,
    "mails/s": Math.round((count * 1000) / (performance.now() - started)),
  });
  measured.takeRequests();
  const cpuBefore = await measured.cpuSeconds();
  const [fewMs, manyMs] = await alternate(phone, small, big);
  const cpu = (await measured.cpuSeconds()) - cpuBefore;
  const quiet = measured.takeRequests();
  print("Sync without changes", {
    "gateway CPU ms": ((cpu * 1000) / quiet.length).toFixed(2),
    "IMAP round trips": quantile(
      quiet.map((line) => line.roundTrips ?? 0),
      0.5,
    ),
    "ms of 1,000 mails": fewMs.toFixed(2),
    [`ms of ${count} mails`]: manyMs.toFixed(2),
    ratio: (manyMs / fewMs).toFixed(2),
  });
  await manyFlags(measured, { user, phone, big, count: Math.floor(count / 2) });
  print("memory", { "peak RSS MB": Math.round((await measured.memory()).peakMb) });
}

/** Medians of Syncs of two folders in turn, so that both meet the same noise. */
async function alternate(phone: Phone, small: string, big: string): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []];
  for (let round = 0; round < 220; round++) {
    for (const [index, folder] of [small, big].entries()) {
      const started = performance.now();
      const { answer } = await phone.sync(folder, plain);
      assert.equal(answer.bytes.length, 0, "nothing changed");
      // The first rounds warm up.
      if (round >= 20) times[index]?.push(performance.now() - started);
    }
  }
  return [quantile(times[0], 0.5), quantile(times[1], 0.5)];
}

async function manyFlags(
  { mail }: MeasuredGateway,
  at: { user: string; phone: Phone; big: string; count: number },
): Promise<void> {
  const client = await mail.imapClient(at.user);
  await client.mailboxOpen("Large");
  await client.messageFlagsAdd(`1:${at.count}`, ["\\Flagged"], { uid: true, silent: true });
  await client.logout();
  const windowMs: number[] = [];
  let changed = 0;
  for (let more = true; more;) {
    const started = performance.now();
    const brought = await at.phone.sync(at.big, plain);
    windowMs.push(performance.now() - started);
    changed += brought.changes.length;
    more = brought.more;
  }
  assert.equal(changed, at.count, "every flag reached the phone once");
  const quarter = Math.max(1, Math.floor(windowMs.length / 4));
  print("flags set by another client", {
    flags: at.count,
    windows: windowMs.length,
    "ms/window, first quarter": quantile(windowMs.slice(0, quarter), 0.5).toFixed(1),
    "ms/window, last quarter": quantile(windowMs.slice(-quarter), 0.5).toFixed(1),
    "slowest window ms": Math.max(...windowMs).toFixed(0),
  });
}

function print(title: string, figures: Readonly<Record<string, string | number>>): void {
  const text = Object.entries(figures).map(([name, value]) => `${name}: ${value}`);
  console.log(`${title}\n  ${text.join("\n  ")}`);
}
