/** Limits of the endpoint, each with its reason. */

/** Longest query: a base64 query has at most some 1,500 bytes, a plain one carries long attachment names. */
export const maxQueryLength = 8_192;

/** Parameters of a base64 query: the protocol knows eight. */
export const maxEncodedParameters = 32;

/** Headers of a request: proxies add cookies and tokens, nobody needs more than Node's own default. */
export const maxHeaderBytes = 16_384;

/** How long a client may take for what it sends and reads, in milliseconds. */
export interface PatienceMs {
  readonly headers: number;
  readonly request: number;
  /** Between two looks at what is late. */
  readonly check: number;
  /** Without reading anything of its answer. */
  readonly answer: number;
}

/**
 * A client that drips its headers occupies a socket for no longer than the first; within the second a 50 MB mail
 * over a slow mobile line (1.4 Mbit/s) passes. What is late ends with HTTP 408. A client that reads nothing of its
 * answer for as long as the last is gone.
 */
export const patienceMs: PatienceMs = {
  headers: 30_000,
  request: 300_000,
  check: 5_000,
  answer: 120_000,
};

/** An idle connection is kept this long: phones come back within a minute, proxies keep theirs for as long. */
export const keepAliveMs = 75_000;

/** Open connections of a process: above it the system's file descriptors end (1,024 to 1,048,576). */
export const maxConnections = 50_000;

/** Requests of one device at a time: clients use up to 5; a runaway one must not occupy the mail server. */
export const maxInFlightPerDevice = 10;

/** What a device with too many requests at a time is told to wait. */
export const inFlightRetrySeconds = 10;

/** A device that asks for nothing over and over is answered so often: a second is what clients with a pause take. */
export const requestSpacingMs = 1_000;

/** Longest pause of such a device, which may have several requests under way: the exit of the process waits for it. */
export const longestPauseMs = 2_000;

/** Devices whose requests for nothing are counted: one that is forgotten has its free ones again. */
export const maxPacedDevices = 50_000;

/** What a device is told to wait while a server behind the gateway is out of reach. */
export const unavailableRetrySeconds = 60;

/** Hops of a Forwarded or X-Forwarded-For header that are looked at. */
export const maxForwardedHops = 20;

/** Time for each probe of /readyz. */
export const probeLimitMs = 5_000;

/** Probes are repeated no more often: load balancers ask several times a second. */
export const probeCacheMs = 5_000;

/** Running requests get this long after the held ones were answered; the exit takes under 30 s in all. */
export const finishMs = 4_000;

/** How long an idle connection stays silent until the system asks the other side whether it lives. */
export const socketProbeMs = 60_000;

/** How much of an unknown user name goes into the log: a line stays a line. */
export const maxLoggedUser = 128;

/** Smaller answers are one packet either way. */
export const minCompressedBytes = 1_400;

/** Larger answers are attachments, which seldom gain; compressing them would take their size in memory once more. */
export const maxCompressedBytes = 8 * 1024 * 1024;
