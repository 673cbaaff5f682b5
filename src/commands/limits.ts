/** Limits of the commands, each with its reason. */

/** Most collections of one Ping or Sync: a phone has one folder list; more is a mistake or an attack. */
export const maxCollections = 300;

/** WindowSize that stands for none (MS-ASCMD 2.2.3.199). */
export const defaultWindowSize = 100;

/** Largest WindowSize; 0 and larger ones mean this (MS-ASCMD 2.2.3.199). */
export const maxWindowSize = 512;

/** Body octets fetched for one collection's answer: keeps an answer and the memory it takes bounded. */
export const answerBudgetBytes = 8 * 1024 * 1024;

/** Body octets read ahead of a device's next Sync: more than most windows take; of larger ones the rest is asked for. */
export const readAheadBytes = 2 * 1024 * 1024;

/** Longest Wait of a Sync, in minutes (MS-ASCMD 2.2.3.198). */
export const maxWaitMinutes = 59;

/** Most client commands of one collection in one Sync; phones send a handful. */
export const maxUploads = 2_048;

/** Most fetches and other operations in one ItemOperations: a phone asks for a screen of items. */
export const maxOperations = 512;

/** A larger mail that is asked for whole goes by the disk: so many of them fit into an answer's budget. */
export const heldMailBytes = 1024 * 1024;

/** Octets of one ItemOperations' answer after which no further item is fetched; one item alone may be larger. */
export const operationsBudgetBytes = 64 * 1024 * 1024;

/** Characters of an out of office text: pages of it, and little for a row of the database. */
export const maxReplyLength = 32_768;

/** Estimates count no further than this; phones show "many" far below. */
export const maxEstimate = 10_000;

/** Most items of one MoveItems (MS-ASCMD 3.1.5.10, R5652). */
export const maxMoves = 1_000;

/** Most forwardees of one invitation: more than any list that somebody picks on a phone. */
export const maxForwardees = 500;

/** Results in one answer of Search or Find, and in all of a Search (MS-ASCMD 2.2.3.143.3, R3733, R3735). */
export const maxResults = 100;

/** Results that a Find can go through (MS-ASCMD 2.2.3.143.1, R37071812). */
export const maxFindResults = 1_000;

/** Recipients in one ResolveRecipients (MS-ASCMD 3.1.5.10, R5655). */
export const maxRecipients = 100;

/** Suggestions for one recipient: as many as a search of the address list gives. */
export const maxSuggestions = 100;

/** Certificates in one ValidateCert, those of the chain included (MS-ASCMD 3.1.5.10, R5661). */
export const maxCertificates = 100;

/** Lists of revoked certificates are fetched for one request for this long: a phone waits half a minute. */
export const maxRevocationMs = 20_000;

/** Following ranges are cut from what a search found for this long; then it is done anew. */
export const searchKeptMs = 5 * 60_000;
