/** Limits of workers, each with its reason. */

/** Pause before a worker that ended is replaced: what ended it at once would fill the log and the processor. */
export const firstPauseMs = 250;

/** Longest pause between attempts to replace a worker that does not come up. */
export const longestPauseMs = 30_000;

/** What a worker gets beyond the time of draining until it is killed: requests that run are given 4 s. */
export const graceMs = 10_000;
