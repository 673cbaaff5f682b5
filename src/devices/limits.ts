/** Limits of devices, each with its reason. */

/** `device-id = 1*32(ALPHA / DIGIT)` (MS-ASHTTP 2.2.1.1.1.2). */
export const maxDeviceIdLength = 32;

/** Longest text that a device may tell of itself: a user agent of a browser has about 200 signs. */
export const maxTextLength = 256;

/** The time when a device was last seen is written no more often: a busy phone sends several requests a second. */
export const seenIntervalMs = 60_000;

/** Skipped items that are listed per device: enough to see what is wrong with a folder full of them. */
export const maxSkippedPerDevice = 1_000;

/** Events of a device that `show` gives. */
export const maxShownEvents = 50;
