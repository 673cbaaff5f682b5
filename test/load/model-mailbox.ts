/** `npm run model:mailbox [histories] [first seed]`: runs many random histories of a whole mailbox. */
import process, { argv } from "node:process";
import { runMailboxHistory } from "../model/history.ts";
import { openModelGateway } from "../model/world.ts";

const histories = Number(argv[2] ?? 200);
const first = Number(argv[3] ?? 1);
if (!Number.isInteger(histories) || histories < 1 || !Number.isInteger(first)) {
  process.stderr.write("usage: npm run model:mailbox [histories, default 200] [first seed]\n");
  process.exit(2);
}

await using gateway = await openModelGateway();
const started = performance.now();
let failed = 0;
for (let seed = first; seed < first + histories; seed += 1) {
  try {
    await runMailboxHistory(gateway, seed);
  } catch (error) {
    failed += 1;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
const seeds = `seeds ${first} to ${first + histories - 1}`;
process.stdout.write(`${histories} histories (${seeds}), ${failed} failed, ${seconds} s\n`);
process.exitCode = failed === 0 ? 0 : 1;
