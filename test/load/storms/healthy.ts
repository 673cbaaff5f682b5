/** A device that does what it should beside a storm, and how long it waits for its answers. */
import { setTimeout as sleep } from "node:timers/promises";
import { Phone } from "../../client/phone.ts";
import { quantile, type MeasuredGateway } from "../gateway-process.ts";

/** Pause between two rounds: a lively device, so that there is something to measure. */
const pauseMs = 100;

/** Milliseconds of each kind of request that a healthy device made. */
export interface Latencies {
  /** Syncs without changes of a device that is signed in. */
  readonly sync: readonly number[];
  /** From a mail's delivery to the answer of the device's held Ping. */
  readonly push: readonly number[];
  /** First requests of users who were not signed in. */
  readonly signIn: readonly number[];
}

/** A user with a device that is signed in and has synced his Inbox. */
export async function signedIn(gateway: MeasuredGateway, user: string): Promise<Phone> {
  const phone = new Phone({ url: gateway.url, user, password: "secret", version: "16.1" });
  await gateway.mail.deliver(user, Buffer.from("Subject: first\r\n\r\nhello\r\n"));
  await phone.folderSync();
  await phone.syncAll(phone.folderOfType(2));
  return phone;
}

/** Measures until the work beside it has ended; the devices take turns, as none asks ten times a second. */
export async function measuredBeside(
  gateway: MeasuredGateway,
  phones: readonly Phone[],
  work: () => Promise<unknown>,
): Promise<Latencies> {
  const stop = new AbortController();
  const found = { sync: [] as number[], push: [] as number[], signIn: [] as number[] };
  let turn = 0;
  const next = (): Phone => phones[turn++ % phones.length] ?? raise("there is no healthy device");
  const over = work().finally(() => stop.abort());
  const loops = [
    repeated(stop.signal, async () => found.sync.push(await timed(() => synced(next())))),
    repeated(stop.signal, async () => found.signIn.push(await timed(() => firstRequest(gateway)))),
    repeated(stop.signal, async () => found.push.push(await pushed(gateway))),
  ];
  await Promise.all([over, ...loops]);
  return found;
}

async function repeated(signal: AbortSignal, work: () => Promise<unknown>): Promise<void> {
  while (!signal.aborted) {
    await work();
    await sleep(pauseMs);
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

async function synced(phone: Phone): Promise<void> {
  const { status } = await phone.sync(phone.folderOfType(2));
  if (status !== 1) raise(`a healthy device's Sync has Status ${status}`);
}

async function firstRequest({ url, mail }: MeasuredGateway): Promise<void> {
  const user = mail.freshUser();
  using phone = new Phone({ url, user, password: "secret", version: "16.1" });
  for (;;) {
    const { httpStatus } = await phone.client.send("FolderSync", { SyncKey: "0" });
    if (httpStatus === 200) return;
    // Told to come again: a phone does, and its user waits for as long.
    if (httpStatus !== 503) raise(`a healthy device's FolderSync ends with HTTP ${httpStatus}`);
    await sleep(1_000);
  }
}

function raise(message: string): never {
  throw new Error(message);
}

async function pushed(gateway: MeasuredGateway): Promise<number> {
  using phone = await signedIn(gateway, gateway.mail.freshUser());
  const collectionIds = [phone.folderOfType(2)];
  const ping = phone.ping({ heartbeatSeconds: 900, collectionIds });
  // A Ping that is on its way is told of what came before it as well.
  await sleep(pauseMs);
  const started = performance.now();
  await gateway.mail.deliver(
    phone.client.options.user,
    Buffer.from("Subject: news\r\n\r\nhello\r\n"),
  );
  await ping;
  return performance.now() - started;
}

/** Median and 99th percentile of each, and how they compare with those of a quiet time. */
export function comparison(quiet: Latencies, stormy: Latencies): string {
  const line = (name: keyof Latencies): string => {
    const [before, during] = [quantile(quiet[name], 0.5), quantile(stormy[name], 0.5)];
    const slowest = quantile(stormy[name], 0.99);
    const ratio = (during / before).toFixed(2);
    return `  ${name}: ${before.toFixed(0)} ms quiet, ${during.toFixed(0)} ms beside (x ${ratio}), p99 ${slowest.toFixed(0)} ms, ${stormy[name].length} requests`;
  };
  return [line("sync"), line("signIn"), line("push")].join("\n");
}
