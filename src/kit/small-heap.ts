/** How V8 keeps the heap of a gateway. Loads nothing that an older Node lacks. */
import process from "node:process";
import { setFlagsFromString } from "node:v8";

/** The size of the young generation: V8 is told at its start, or never. */
export const youngGeneration: readonly string[] = [
  "--min-semi-space-size=4",
  "--max-semi-space-size=4",
];

/** Where it was not told: the young generation stays as small as it begins. */
const untold = "--semi-space-growth-factor=1";

const others = ["--heap-growing-percent=50", "--no-parallel-scavenge"];

/**
 * A gateway makes much short-lived garbage and keeps little. Left to itself V8 lets the heap of a machine with
 * much memory grow several times over what is kept (measured: docs/decisions/014-small-heap.md).
 */
export function keepHeapSmall(): void {
  if (!isTold()) setFlagsFromString(untold);
  for (const flag of others) setFlagsFromString(flag);
}

/**
 * Begins the program anew in the same process where V8 was not told the size of the young generation; not where a
 * parent holds a channel to it, which would not outlive that.
 */
export function beginWithYoungGeneration(): void {
  const { execArgv, execPath, argv, channel } = process;
  if (isTold() || channel !== undefined || process.execve === undefined) return;
  // The environment goes along as it is.
  process.execve(execPath, [execPath, ...youngGeneration, ...execArgv, ...argv.slice(1)]);
}

function isTold(): boolean {
  return youngGeneration.every((flag) => process.execArgv.includes(flag));
}
