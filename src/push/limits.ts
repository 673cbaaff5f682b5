/** Limits of waiting, each with its reason. */

/** Flag and expunge hints come in bursts (a webmail marking a thread): look after this much quiet. */
export const quietMs = 5_000;

/** A folder that never falls quiet is still looked at this often. */
export const longestQuietMs = 30_000;

/** Weight of the newest heartbeat in the running average: about the last 100 waits count. */
export const averageWeight = 0.02;
