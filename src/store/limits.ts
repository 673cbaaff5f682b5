/** Limits of the store, each with its reason. */

/** Connections of one process's pool: PostgreSQL allows 100 by default, which leaves room for several processes. */
export const maxPoolConnections = 10;

/** How long a request waits for a connection before it is answered 503: phones give up after 30 s. */
export const connectTimeoutMs = 10_000;

/** Idle connections are kept this long: a phone that polls once a minute finds its statements prepared. */
export const idleConnectionMs = 120_000;

/** No statement of the gateway scans more than a few pages: one that runs longer hangs on a lock or a sick disk. */
export const statementTimeoutMs = 30_000;

/** The client's own limit, above the server's: it ends a wait for a server that vanished without a word. */
export const answerTimeoutMs = 35_000;

/** A transaction never waits for a mail server, so one that idles belongs to a process that hangs. */
export const idleTransactionTimeoutMs = 60_000;

/** The listening connection is asked for a sign of life this often, as a dead one makes no sound. */
export const listenerProbeMs = 30_000;

/** Longest pause between two attempts to get the listening connection back. */
export const maxReconnectPauseMs = 5_000;

/** PostgreSQL takes 8,000 bytes of payload; hints are a kind and an id. */
export const maxHintBytes = 1_000;

/** Longest that one migration, or the wait for another process's, may take. */
export const maxMigrationMs = 24 * 3_600_000;

/** Rows that a backup fetches or a restore writes at once: enough that round trips do not count. */
export const maxBackupBatchRows = 1_000;

/** Bytes of such rows: what is in memory at once; one row may be larger, as a mail that waits to be filed is. */
export const maxBackupBatchBytes = 8 * 1_048_576;
