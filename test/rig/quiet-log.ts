/** A log for tests that look at something else. */
import type { Log } from "../../src/kit/log.ts";

/** Says nothing. */
export const quiet: Log = { debug() {}, info() {}, warn() {}, error() {}, child: () => quiet };
