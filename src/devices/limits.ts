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

/** Longest trace: it slows the device's requests a little and may hold contents. */
export const maxTraceMinutes = 120;

/** Entries of a trace that wait for their reader, and their bytes: a reader that stalls must not fill the disk. */
export const maxTraceEntries = 1_000;
export const maxTraceBytes = 16 * 1_048_576;

/** Longest text of one entry: a first Sync with contents can have megabytes. */
export const maxTraceEntryLength = 262_144;

/** How long the entries of a finished trace stay for a reader that takes the last of them. */
export const traceGraceMs = 60_000;

/** Commands of a device that are remembered to see loops: the longest pattern with what comes between. */
export const maxRememberedCommands = 10;

/** Commands further apart than this are no loop: a phone that was away asks anew. */
export const loopWindowMs = 30 * 60_000;

/** How often something must happen to be a loop; once or twice is how clients repeat. */
export const repeatsOfLoop = 3;

/** Sent to Provision so often: a phone with several requests under way is sent there by each of them. */
export const provisionsOfLoop = 4;

/** Devices whose last commands are remembered: some 2 KB each. */
export const maxRememberedDevices = 10_000;
