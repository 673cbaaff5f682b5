/** How V8 keeps the heap of a gateway. Loads nothing that an older Node lacks. */
import { setFlagsFromString } from "node:v8";

const flags = ["--semi-space-growth-factor=1", "--heap-growing-percent=30"];

/**
 * A gateway makes much short-lived garbage and keeps little. Left to itself V8 lets the heap of a machine with
 * much memory grow several times over what is kept (measured: docs/decisions/014-small-heap.md).
 */
export function keepHeapSmall(): void {
  for (const flag of flags) setFlagsFromString(flag);
}
