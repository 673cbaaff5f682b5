/** Limits of signing in, each with its reason. */

/** The same wrong credential is refused from memory for this long: phones repeat an old password for weeks. */
export const wrongCredentialMs = 15 * 60_000;

/** Addresses of one user that clients are told: phones list them all in the menu of senders. */
export const maxAddresses = 100;

/** Users that one search finds by their further addresses: more than a phone shows, a small query all the same. */
export const maxOwners = 1_000;

/** Letters of a name that is looked for in the address list; what is longer is nobody's name. */
export const maxDirectoryText = 256;

/** Good logins kept: about 200 bytes each, more than one process serves accounts and devices. */
export const maxRemembered = 50_000;

/** Wrong credentials kept: bounds what a guesser can fill, about 100 bytes each. */
export const maxRefused = 100_000;

/** Sources of failures kept (devices and addresses): a guesser from many addresses pushes out only the oldest. */
export const maxSources = 50_000;

/** Different wrong passwords of a device that are free: a person who mistypes is not held up. */
export const freeDeviceFailures = 5;

/** First pause of a device after its free failures; it doubles with each further one. */
export const firstPauseMs = 2_000;

/** Longest pause of a device: a corrected password is not kept waiting for longer. */
export const longestPauseMs = 5 * 60_000;

/** Failures of an address until its attempts go one by one: an office behind one address has a few old phones. */
export const freeAddressFailures = 20;

/** Attempts of such an address that may wait in line; a line of refusals takes about 2 s each. */
export const maxWaitingPerAddress = 20;

/** Requests of one credential that may wait for the first one's login: a phone has a handful. */
export const maxWaitingPerCredential = 50;

/** What one who found the line full is told to wait. */
export const lineRetrySeconds = 30;

/** Failures are forgotten when none came for this long. */
export const failureMemoryMs = 60 * 60_000;

/** Longest login and password that is looked at: IMAP servers take far less. */
export const maxCredentialLength = 1_024;
