/**
 * `node test/load/fuzz-contents.ts [count] [seed]`: breaks so many calendars and winmail.dat (100,000) inside of
 * mails and maps them as for a device. Prints what went wrong, once for each reason; ends with 1 when anything did.
 */
import process, { argv } from "node:process";
import { Chance } from "../sync/chance.ts";
import { contentSeeds, tryContent } from "./fuzz/contents.ts";

const [count = 100_000, seed = 1] = argv.slice(2).map(Number);

const seeds = contentSeeds();
const chance = new Chance(seed);
const faults = new Map<string, number>();
const startedAt = performance.now();
for (let done = 0; done < count; done++) {
  const fault = tryContent(seeds, chance);
  if (fault === undefined) continue;
  const known = faults.get(fault.reason) ?? 0;
  faults.set(fault.reason, known + 1);
  if (known === 0) console.log(`FAULT: ${fault.reason}\n${fault.mail.toString()}`);
}
const seconds = (performance.now() - startedAt) / 1_000;
const { heapUsed } = process.memoryUsage();
console.log(
  `${count} contents from ${seeds.calendars.length} calendars and ${seeds.tnefs.length} winmail.dat in ${seconds.toFixed(0)} s, ${faults.size} kinds of faults, heap ${Math.round(heapUsed / 2 ** 20)} MB`,
);
process.exitCode = faults.size === 0 ? 0 : 1;
