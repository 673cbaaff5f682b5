/** `node test/load/bench-known.ts`: sizes of known rows, and what keys cost in PostgreSQL. */
import process from "node:process";
import { systemClock } from "../../src/kit/clock.ts";
import { openSyncStates } from "../../src/sync/states.ts";
import type { SyncStates } from "../../src/sync/types.ts";
import { openTestDatabase } from "../rig/database.ts";
import { Chance } from "../sync/chance.ts";
import { knownSizes } from "../sync/known-sizes.ts";
import { ModelServer } from "../sync/model-server.ts";
import { addPartnerships } from "../sync/stored-scene.ts";

const rounds = 300;
const signal = new AbortController().signal;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

function printSizes(name: string, sparse: number): void {
  const { rows, bytes, largest } = knownSizes(100_000, sparse);
  print(`${name}: ${rows} known rows, ${(bytes / 1000).toFixed(0)} KB, largest ${largest} bytes`);
}

async function perRound(work: () => Promise<void>): Promise<string> {
  const started = performance.now();
  for (let round = 0; round < rounds; round += 1) await work();
  return `${((performance.now() - started) / rounds).toFixed(2)} ms`;
}

async function measure(states: SyncStates, count: number): Promise<void> {
  const chance = new Chance(1);
  const server = new ModelServer("qresync", chance);
  server.arrive(count, () => ({ version: 0, labels: [], day: server.today }));
  const [partnership] = await addPartnerships(rig.database, `bench${count}`, 1);
  if (partnership === undefined) throw new Error("no partnership");
  let key = "0";
  const sync = async (): Promise<number> => {
    const opened = await states.open(partnership, "f1", key, { hash: "h", signal });
    const window = { windowSize: 5000, sinceDay: 0 };
    const { operations, next, more } = await states.plan(opened.head, server, window);
    if (operations.length === 0) await states.touch(opened.head, next);
    else key = await states.commit(opened, next, { operations, uploads: [], more });
    await states.release(opened);
    return operations.length;
  };
  while ((await sync()) > 0);
  const quiet = await perRound(async () => void (await sync()));
  const flag = await perRound(async () => {
    server.change([chance.between(1, count)], ({ version }) => ({
      version: version ^ 1,
      labels: [],
    }));
    await sync();
  });
  print(`${count} mails: no-change Sync ${quiet}, one flag ${flag} (database and sync/ alone)`);
}

printSizes("100,000 mails in a row", 1);
printSizes("100,000 mails, one in ten numbers left", 10);
await using rig = await openTestDatabase();
const states = openSyncStates(rig.database, systemClock);
await measure(states, 1000);
await measure(states, 100_000);
