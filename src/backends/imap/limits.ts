/** Limits of the IMAP backend, each with its reason. */

/** Connections for commands per account and process; with the watchers below half of Dovecot's 10. */
export const pooledConnections = 3;

/** Folders of an account that are watched by IDLE; further ones are asked by STATUS. */
export const watcherConnections = 3;

/** Accounts that are kept before unused ones are looked for; then twice those in use: a look at all must be rare. */
export const leastSweep = 64;

/** A changed password counts within this time: no session lives longer. */
export const sessionLifeMs = 60 * 60_000;

/** A pooled connection without work is closed after this, before the silence would count as a fault. */
export const idleConnectionMs = 45_000;

/** After the last held request a watcher stays this long: phones ping again at once. */
export const watcherLingerMs = 120_000;

/** Servers end an IDLE at 30 minutes (RFC 2177). */
export const idleRearmMs = 28 * 60_000;

/** A watcher that hears nothing for longer than an IDLE lasts is dead; probing it earlier would wake the server. */
export const watcherSilenceMs = idleRearmMs + 60_000;

/** Pauses before a watcher that broke is opened again, at once at first: a restarting server is not stormed. */
export const reopenPausesMs = [0, 1_000, 5_000, 15_000, 60_000];

/** A watcher that held for this long was no failure. */
export const lastingMs = 60_000;

/** A server that says nothing to a command for this long is gone. */
export const commandTimeoutMs = 60_000;

/** Items that one command deletes when a folder is emptied: a slow server needs less than `commandTimeoutMs`. */
export const emptiedAtOnce = 2_000;

/** TCP, TLS and greeting together. */
export const connectTimeoutMs = 10_000;

/**
 * A watched folder that has become quiet is looked at again after these pauses, as news may be lost when the server
 * hibernates the connection: 10, 25 and 65 s after the last stir. Most `imap_hibernate_timeout`s lie before one of
 * them, and a pooled connection is still open for the first two.
 */
export const settlingPausesMs = [10_000, 15_000, 40_000];

/** Folders without an IDLE of their own are asked this often. */
export const statusPollMs = 60_000;

/**
 * Logins in flight per server, of credentials that were right before and as many of unknown ones: Dovecot's auth
 * processes them in turn, and lets a hundred wait by default.
 */
export const loginsInFlight = 20;

/** Logins in flight of doubtful credentials: they wait seconds each, and for each other. */
export const doubtfulLoginsInFlight = 8;

/** Unproven logins in flight from one address: an office behind it signs in hundreds a second by them. */
export const loginsOfAddressInFlight = 4;

/** Unproven logins from one address that are on their way or wait; further ones are told to come again. */
export const loginsOfAddress = 200;

/** How long an unproven login waits for its turn, before phones themselves give up; then it is told to come again. */
export const loginPatienceMs = 20_000;

/** Failures of an address until its logins, doubtful from the first one on, go one by one: people mistype. */
export const freeFailuresOfAddress = 3;

/** How long a failed credential, or an address of failures, is doubtful. */
export const doubtMs = 15 * 60_000;

/** Credentials and addresses that are remembered as doubtful; the oldest are forgotten. */
export const doubtfulCredentials = 10_000;

/** How long a credential that was right is let in before unknown ones: phones come back every day. */
export const proofMs = 24 * 60 * 60_000;

/** Credentials that are remembered as right, about 150 octets each. */
export const provenCredentials = 50_000;

/** Octets asked of a streamed part at a time. */
export const streamChunkBytes = 256 * 1024;

/** Numbers in one command: keeps the line below 8,000 octets, as RFC 7162 section 4 wants. */
export const numbersPerCommand = 700;

/** Known items whose flags a server without CONDSTORE is asked for at each look. */
export const flagsWithoutCondstore = 2_000;

/** Characters of a keyword: Dovecot refuses longer ones (mail_max_keyword_length), and with them the whole STORE. */
export const keywordCharacters = 50;

/** Ranges of UIDs, of up to 21 octets each, in one command: also below 8,000 octets. */
export const rangesPerCommand = 360;

/** How many times as many numbers as items `newest` asks for first, where most numbers are gone. */
export const widestFirst = 64;

/** Rounds in which `newest` widens its range over a thinly filled stretch of numbers. */
export const widenings = 12;

/** How often a server without CONDSTORE is asked for the flags of all known items. */
export const allFlagsMs = 15 * 60_000;

/** A server that let no further connection in is not asked for more for this long: other programs may close theirs. */
export const narrowMs = 15 * 60_000;

/**
 * Hits of a folder whose dates are asked for, those with the highest numbers: 2,000 lines are 80 KB. Of more hits
 * a mail that was moved in later than it arrived may be ranked too high.
 */
export const datedHits = 2_000;

/** Letters in a row that are looked for where a server takes no others than those of US-ASCII. */
export const leastAsciiRun = 3;

/** Items whose metadata one look brings along: the largest window of a Sync, some 2 KB each. */
export const listedPerLook = 600;

/** Changes since a look up to which the metadata of new mail come along with what changed. */
export const smallDistance = 1_000n;

/**
 * Newest mails of a folder whose headers tell its conversations where the server has no THREAD: some 300 bytes
 * of each are fetched.
 */
export const threadedMails = 20_000;

/** A mail that the server could not read is asked for again after this long: an administrator may have repaired it. */
export const unreadableMs = 60 * 60_000;

/** Times that the server may break off while mails are looked for that it cannot read: some five of 100 are found. */
export const unreadableBreaksMost = 40;

/** How long a look may take for them: a server that breaks off by saying nothing takes a while each time. */
export const unreadableSearchMs = 20_000;

/** Looks for unreadable mails in one reading: it may fetch several times. */
export const unreadableLooksMost = 4;

/** What was read ahead for a device that does not come back is dropped after this; a window takes a slow link less. */
export const readAheadKeptMs = 30_000;

/** Accounts of a server for which is read ahead at a time: their windows of 2 MB are 64 MB at the most. */
export const readsAhead = 32;

/** Octets up to which a mail that is read ahead may come whole. */
export const smallMailBytes = 32 * 1024;

/** Octets of whole mails in one window while they are taken apart, beside as many of parts that are read ahead. */
export const smallMailsBytes = 2 * 1024 * 1024;

/** Octets that take as long to fetch as a mail's BODYSTRUCTURE to take apart, and its parts to ask for. */
export const smallMailWorthBytes = 8 * 1024;
