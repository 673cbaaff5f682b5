/** Limits of waiting, each with its reason. */

/** Flag and expunge hints come in bursts (a webmail marking a thread): look after this much quiet. */
export const quietMs = 5_000;

/** A folder that never falls quiet is still looked at this often. */
export const longestQuietMs = 30_000;

/** Weight of the newest heartbeat in the running average: about the last 100 waits count. */
export const averageWeight = 0.02;

/** Waits that a device may begin one after the other: a folder in which mails come in a row, a phone that wakes. */
export const freeWaits = 20;

/**
 * Further waits look for the first time after this long: a phone that asks every second costs 12 looks a minute, and
 * one whose mails come faster than that hears of them together.
 */
export const waitSpacingMs = 5_000;

/** Devices that are remembered: one that is forgotten has its free waits again. */
export const maxPacedDevices = 50_000;
