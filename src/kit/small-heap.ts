/** How V8 keeps the heap of a gateway. Loads nothing that an older Node lacks. */
// oxlint-disable-next-line no-restricted-imports -- no setting is read: it goes along
import process, { env } from "node:process";
import { setFlagsFromString } from "node:v8";

/** What V8 is told at its start, or never: the size of the young generation, and how it is collected. */
export const startFlags: readonly string[] = [
  "--min-semi-space-size=16",
  "--max-semi-space-size=16",
  "--no-separate-gc-phases",
  // For `letPass`.
  "--expose-gc",
];

/** What glibc is told at the start: one arena, as each has leftovers of its own. */
export const allocation: Readonly<Record<string, string>> = { MALLOC_ARENA_MAX: "1" };

/** Where it was not told: the young generation stays as small as it begins. */
const untold = "--semi-space-growth-factor=1";

const others = ["--heap-growing-percent=60", "--no-parallel-scavenge"];

/**
 * A gateway makes much short-lived garbage and keeps little. Left to itself V8 lets the heap of a machine with
 * much memory grow several times over what is kept (measured: docs/decisions/014-small-heap.md).
 */
export function keepHeapSmall(): void {
  if (!isTold()) setFlagsFromString(untold);
  for (const flag of others) setFlagsFromString(flag);
}

/**
 * Begins the program anew in the same process, with what V8 and glibc are told at the start, where V8 was not told;
 * not where a parent holds a channel to it, which would not outlive that.
 */
export function beginWithStartFlags(): void {
  const { execArgv, execPath, argv, channel } = process;
  if (isTold() || channel !== undefined || process.execve === undefined) return;
  const again = [execPath, ...startFlags, ...execArgv, ...argv.slice(1)];
  process.execve(execPath, again, { ...allocation, ...env });
}

function isTold(): boolean {
  return startFlags.every((flag) => process.execArgv.includes(flag));
}

/** So many octets pass until their buffers are collected. */
const collectedAfterBytes = 4 * 1024 * 1024;

let passedBytes = 0;

/**
 * Octets of something large pass through. Their buffers are garbage at once, and V8 does not see how much: it waits
 * until the young generation is full of what is small.
 */
export function letPass(octets: number): void {
  passedBytes += octets;
  if (passedBytes < collectedAfterBytes) return;
  passedBytes = 0;
  globalThis.gc?.({ type: "minor" });
}
