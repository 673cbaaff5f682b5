/**
 * `node test/load/fuzz.ts [count] [seed]`: sends so many broken requests (100,000) to a gateway over real mail
 * servers: WBXML bodies, queries in both forms, headers and mails. Prints the memory of the gateway at each tenth
 * and ends with 1 when it crashed, hung, answered with an error that nobody foresaw, or logged one.
 */
import process, { argv } from "node:process";
import { Phone } from "../client/phone.ts";
import { password } from "../rig/mail/servers.ts";
import { Chance } from "../sync/chance.ts";
import { startMeasuredGateway, type MeasuredGateway } from "./gateway-process.ts";
import { FuzzDevice, type Material, type Outcome } from "./fuzz/device.ts";
import { mailSeeds, recordedSeeds } from "./fuzz/seeds.ts";

const [count = 100_000, seed = 1] = argv.slice(2).map(Number);

/** Devices that send at the same time. */
const deviceCount = 16;

const settings = `push.min_heartbeat_seconds = 1
push.max_heartbeat_seconds = 60
http.trusted_proxies = ["127.0.0.1"]
http.free_requests = 0`;

const material: Material = { recorded: recordedSeeds(), mails: mailSeeds() };
console.log(`${material.recorded.length} requests and ${material.mails.length} mails to be broken`);

await using gateway = await startMeasuredGateway(settings);
const faults = new Map<string, number>();
const counts = new Map<string, number>();
const devices = await openDevices(gateway);
const startedAt = performance.now();
for (let tenth = 1; tenth <= 10; tenth++) {
  await sendAll(Math.ceil(count / 10));
  await report(tenth);
  if (gateway.exitCode() !== undefined) break;
}
for (const device of devices) device[Symbol.dispose]();
const table = [...counts].toSorted(([one], [other]) => one.localeCompare(other));
for (const [name, number] of table) console.log(`${String(number).padStart(8)} ${name}`);
for (const [fault, number] of faults) console.log(`FAULT (${number} times): ${fault}`);
console.log(`${Math.round(performance.now() - startedAt)} ms, ${faults.size} kinds of faults`);
process.exitCode = faults.size === 0 ? 0 : 1;

async function openDevices({ url, mail }: MeasuredGateway): Promise<FuzzDevice[]> {
  const opened: FuzzDevice[] = [];
  for (let index = 0; index < deviceCount; index++) {
    const user = mail.freshUser();
    const deliver = async (): Promise<void> => {
      for (const bytes of material.mails) await mail.deliver(user, bytes);
    };
    const chance = new Chance(seed * deviceCount + index);
    opened.push(await FuzzDevice.open({ url, user, deliver }, chance, material));
  }
  return opened;
}

async function sendAll(number: number): Promise<void> {
  let left = number;
  const work = async (device: FuzzDevice): Promise<void> => {
    while (left-- > 0 && gateway.exitCode() === undefined) note(await device.send());
  };
  await Promise.all(devices.map(work));
}

function note({ kind, command, httpStatus, fault }: Outcome): void {
  const answer = httpStatus === 0 ? "no answer" : `HTTP ${httpStatus}`;
  add(counts, `${kind}: ${answer}${httpStatus < 500 ? "" : ` ${command}`}`);
  if (fault !== undefined) add(faults, fault);
}

function add(map: Map<string, number>, key: string): void {
  map.set(key, (map.get(key) ?? 0) + 1);
}

async function report(tenth: number): Promise<void> {
  if (gateway.exitCode() !== undefined) {
    add(faults, `the gateway ended with ${gateway.exitCode()}`);
    return;
  }
  for (const { level, msg, err } of gateway.takeTrouble()) {
    add(level === "error" ? faults : counts, `${level}: ${msg}: ${err?.stack ?? ""}`.slice(0, 600));
  }
  gateway.takeRequests();
  const healthyMs = await healthy();
  const { nowMb, peakMb } = await gateway.memory();
  const perSecond = (tenth * count) / 10 / ((performance.now() - startedAt) / 1000);
  console.log(
    `${tenth}/10: ${nowMb.toFixed(0)} MB RSS (peak ${peakMb.toFixed(0)}), ${perSecond.toFixed(0)} requests/s, a new phone's first Sync ${healthyMs.toFixed(0)} ms, ${faults.size} kinds of faults`,
  );
}

/** A good phone still gets its mail. */
async function healthy(): Promise<number> {
  const user = gateway.mail.freshUser();
  await gateway.mail.deliver(user, Buffer.from("Subject: well\r\n\r\nyes\r\n"));
  const began = performance.now();
  using phone = new Phone({ url: gateway.url, user, password, version: "14.1" });
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox);
  if (phone.mails(inbox).size !== 1) add(faults, "a good phone did not get its mail");
  return performance.now() - began;
}
