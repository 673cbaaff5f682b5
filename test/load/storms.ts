/**
 * `npm run bench:storms [seconds]`: old passwords, guessed ones and devices that loop, each beside a healthy device.
 * Prints how many logins reach the IMAP server, the gateway's CPU, and how long the healthy wait with and without.
 */
import { argv } from "node:process";
import { setTimeout as sleep } from "node:timers/promises";
import type { Phone } from "../client/phone.ts";
import { startMeasuredGateway, type MeasuredGateway } from "./gateway-process.ts";
import { guess, loop, oldPassword, storm, told, type Storm, type Tally } from "./storms/guests.ts";
import { comparison, measuredBeside, signedIn } from "./storms/healthy.ts";

const [seconds = 15] = argv.slice(2).map(Number);
const settings = `http.trusted_proxies = ["127.0.0.1"]\npush.min_heartbeat_seconds = 1`;

/** As Dovecot comes: refused logins take 2 s, and further ones from their address longer. */
const mailOptions = { authPenalty: true };

/** Those who are measured beside the storm. */
const healthyDevices = 10;

/** What the first requests of a process cost is not what is measured. */
const warmUpMs = 3_000;

type Visit = (guest: number, round: number) => Promise<number>;

/** A storm: how many take part, and what each does again and again. */
interface Scenario {
  readonly title: string;
  readonly guests: number;
  visits(where: Storm, gateway: MeasuredGateway): Promise<Visit> | Visit;
}

const users = (count: number, { mail }: MeasuredGateway): string[] =>
  Array.from({ length: count }, () => mail.freshUser());

/** Each guest has an address of his own. */
const ownAddress = (guest: number): string => `198.51.${100 + (guest >> 8)}.${guest & 255}`;

/** All are behind one address. */
const oneAddress = (): string => "192.0.2.1";

const inboxOf = (phone: Phone): string => phone.folderOfType(2);

async function signedInAll(gateway: MeasuredGateway, count: number): Promise<Phone[]> {
  const phones: Phone[] = [];
  for (const user of users(count, gateway)) phones.push(await signedIn(gateway, user));
  return phones;
}

const scenarios: readonly Scenario[] = [
  {
    title: "300 devices of 100 users repeat an old password each second, each from its own address",
    guests: 300,
    visits: (where, gateway) => oldPassword(where, users(100, gateway), ownAddress),
  },
  {
    title: "300 devices of 100 users repeat an old password each second, all from one address",
    guests: 300,
    visits: (where, gateway) => oldPassword(where, users(100, gateway), oneAddress),
  },
  {
    title: "50 guessers at one address, without a pause, as ever new devices",
    guests: 50,
    visits: (where, gateway) => guess(where, users(20, gateway), oneAddress),
  },
  {
    title: "200 guessers, each at its own address, without a pause, as ever new devices",
    guests: 200,
    visits: (where, gateway) => guess(where, users(20, gateway), ownAddress),
  },
  {
    title: "10 devices ping every second and never sync what they are told",
    guests: 10,
    visits: async (_, gateway) => {
      const phones = await signedInAll(gateway, 10);
      for (const { client } of phones) {
        await gateway.mail.deliver(client.options.user, Buffer.from("Subject: news\r\n\r\nup\r\n"));
      }
      return loop(phones, pingOnce, 1_000);
    },
  },
  {
    title: "10 devices sync without changes, without a pause",
    guests: 10,
    visits: async (_, gateway) => loop(await signedInAll(gateway, 10), syncOnce),
  },
  {
    title: "10 devices ask for their folders anew, without a pause",
    guests: 10,
    visits: async (_, gateway) => loop(await signedInAll(gateway, 10), foldersOnce),
  },
];

async function pingOnce(phone: Phone): Promise<number> {
  const Folders = { Folder: [{ Id: inboxOf(phone), Class: "Email" as const }] };
  return (await phone.client.send("Ping", { HeartbeatInterval: 1, Folders })).httpStatus;
}

async function syncOnce(phone: Phone): Promise<number> {
  const Collection = [phone.asked(inboxOf(phone))];
  return (await phone.client.send("Sync", { Collections: { Collection } })).httpStatus;
}

async function foldersOnce(phone: Phone): Promise<number> {
  return (await phone.client.send("FolderSync", { SyncKey: "0" })).httpStatus;
}

const wanted = argv[3];
for (const scenario of scenarios) {
  if (wanted === undefined || scenario.title.includes(wanted)) await play(scenario);
}

/** Each on servers and a gateway of its own, so that none meets what another left behind. */
async function play(scenario: Scenario): Promise<void> {
  await using gateway = await startMeasuredGateway(settings, mailOptions);
  const healthy = await signedInAll(gateway, healthyDevices);
  await measuredBeside(gateway, healthy, () => sleep(warmUpMs));
  const quiet = await measuredBeside(gateway, healthy, () => sleep(seconds * 1000));
  const tally: Tally = new Map();
  const visits = await scenario.visits(stormAt(gateway, tally), gateway);
  const before = await used(gateway);
  gateway.takeRequests();
  const began = performance.now();
  const stormy = await measuredBeside(gateway, healthy, () =>
    storm(stormAt(gateway, tally), scenario.guests, visits),
  );
  const tookSeconds = (performance.now() - began) / 1000;
  const after = await used(gateway);
  const trips = gateway.takeRequests().reduce((sum, line) => sum + (line.roundTrips ?? 0), 0);
  console.log(`${scenario.title} (${tookSeconds.toFixed(0)} s)
  answers: ${told(tally)}
  refused IMAP logins: ${after.refused - before.refused}, IMAP commands of requests: ${trips}, CPU ${(((after.cpu - before.cpu) / tookSeconds) * 100).toFixed(0)} %, ${after.memoryMb.toFixed(0)} MB
${comparison(quiet, stormy)}`);
}

function stormAt({ url }: MeasuredGateway, tally: Tally): Storm {
  return { url, seconds, tally };
}

async function used(gateway: MeasuredGateway) {
  const log = await gateway.mail.dovecotLog();
  const refused = log.split("\n").filter((line) => /imap-login: .*auth failed/.test(line)).length;
  const { nowMb: memoryMb } = await gateway.memory();
  return { refused, cpu: await gateway.cpuSeconds(), memoryMb };
}
