/** Limits of the submission client, each with its reason. */

/** TCP, TLS and greeting together: a phone waits for the answer. */
export const connectTimeoutMs = 10_000;

/** Silence after a command or the data. RFC 5321 section 4.5.3.2 allows 10 minutes, phones give up far earlier. */
export const replyTimeoutMs = 120_000;

/** How long a server may take to hang up after QUIT. */
export const closeTimeoutMs = 2_000;

/** Octets of one reply: no server says more, and none may fill the memory. */
export const replyBytes = 65_536;
