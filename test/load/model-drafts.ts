/**
 * `npm run model:drafts`: plays random histories of drafts over the real servers, with two devices at two gateway
 * processes. Arguments: histories (100), first seed (1), steps of each (80).
 */
import process, { argv } from "node:process";
import { DraftHistory } from "../e2e/draft-history.ts";
import { openProcesses } from "../e2e/processes.ts";
import { startMailServers } from "../rig/mail/servers.ts";
import { Chance } from "../sync/chance.ts";

const [histories = 100, first = 1, steps = 80] = argv.slice(2).map(Number);

await using mail = await startMailServers();
await using processes = await openProcesses(mail);
const urls = [(await processes.start()).url, (await processes.start()).url];
let failed = 0;
for (let seed = first; seed < first + histories; seed++) {
  try {
    await DraftHistory.play({ mail, urls }, new Chance(seed), steps);
  } catch (error) {
    failed++;
    const text = error instanceof Error ? error.message : String(error);
    process.stderr.write(`seed ${seed}: ${text}\n`);
  }
}
process.stdout.write(`${histories} histories of ${steps} steps, ${failed} failed.\n`);
process.exitCode = failed === 0 ? 0 : 1;
