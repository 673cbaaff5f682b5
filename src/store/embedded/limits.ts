/** Limits and settings of the embedded PostgreSQL, each with its reason. */

/** A server that was killed replays its log first: seconds, on a slow disk a minute. */
export const startTimeoutMs = 120_000;

/** A start takes about 80 ms. */
export const startPollMs = 20;

/** After this a server that writes back slowly is stopped at once and replays its log next time: we have 30 s. */
export const stopTimeoutMs = 15_000;

/** A stop takes about 30 ms. */
export const stopPollMs = 10;

/** The server is on this machine. */
export const connectTimeoutMs = 5_000;

/** First and longest pause between attempts to start a server again that ended unasked. */
export const restartPauseMs = 250;
export const maxRestartPauseMs = 30_000;

/** Settings of the server: small, local, without replication. */
export const serverSettings: Readonly<Record<string, string>> = {
  max_connections: "50",
  shared_buffers: "64MB",
  max_wal_size: "256MB",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_parallel_workers: "0",
  jit: "off",
  timezone: "UTC",
  log_timezone: "UTC",
  // The log must hold neither statements nor the values of rows.
  log_min_error_statement: "panic",
  log_error_verbosity: "terse",
  log_checkpoints: "off",
};

/** A server that ends while we look at it is looked for again: the second time it is gone. */
export const maxStartAttempts = 3;
