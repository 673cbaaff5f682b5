/** `node test/load/model-sync.ts [histories] [first seed]`: runs many random histories of `sync/` in memory. */
import process, { argv } from "node:process";
import { memoryRows } from "../sync/memory-rows.ts";
import { runHistory } from "../sync/model-history.ts";

const histories = Number(argv[2] ?? 2000);
const first = Number(argv[3] ?? 1);
if (!Number.isInteger(histories) || histories < 1 || !Number.isInteger(first)) {
  process.stderr.write(
    "usage: node test/load/model-sync.ts [histories, default 2000] [first seed]\n",
  );
  process.exit(2);
}

const partnerships = ["1", "2"].map((deviceId) => ({ accountId: "1", deviceId }));
const started = performance.now();
let failed = 0;
for (let seed = first; seed < first + histories; seed += 1) {
  try {
    await runHistory(seed, memoryRows(), partnerships);
  } catch (error) {
    failed += 1;
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  }
}
const seconds = ((performance.now() - started) / 1000).toFixed(1);
process.stdout.write(`${histories} histories, ${failed} failed, ${seconds} s\n`);
process.exitCode = failed === 0 ? 0 : 1;
