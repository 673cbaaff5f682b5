/** The limits of the mailbox, each with its reason. */

/** Refreshing the hierarchy starts over when another process changed it meanwhile: at most this often. */
export const refreshAttempts = 3;

/**
 * How often a watcher of the hierarchy lists the folders: other clients rarely create folders, and the
 * listing is one cheap round trip (0.3 ms for 8 folders on Dovecot).
 */
export const hierarchyPollSeconds = 300;

/** A crashed sender blocks a repeat no longer than this; a living one renews three times in it. */
export const intentLeaseSeconds = 30;

/** A command that nobody waits for any more is over after this, or its connection is (60 s without a word). */
export const abandonedEffectSeconds = 65;

/** Pause between two looks at a mail that another request is sending: short against an SMTP dialog. */
export const intentPollMs = 250;

/** A mail with 25 MB takes a slow submission server about a minute; after this it counts as hung. */
export const sendSeconds = 300;

/** Phones give up repeating long before a week; after that an intent is only ballast. */
export const intentDays = 7;

/** Expired intents removed beside each new one: some, so that a backlog shrinks; few, to stay quick. */
export const expiredIntentsAtOnce = 20;

/** A copy that could not be filed in Sent is tried again at a request after this pause. */
export const filingPauseSeconds = 60;

/** Copies filed within one request: a backlog after a full mailbox shall not hold up the phone. */
export const filingsPerRequest = 3;

/** After a refusal (a full mailbox) a copy is tried again this much later: trying costs the whole mail. */
export const refusedFilingPauseSeconds = 3600;

/**
 * A mail without ClientId, Message-ID and Date that comes again with the same bytes is a repeat this long, and so is
 * one out of Drafts under another sync key, as the ClientId of an Add holds for one request (MS-ASCMD 2.2.3.28.2,
 * R961); later it is somebody who writes the same words again, and a double is better than a loss.
 */
export const namelessRepeatMs = 15 * 60_000;

/** Octets of the header of a mail to be sent: room for tens of thousands of recipients, and held in memory. */
export const submittedHeaderBytes = 4 * 1024 * 1024;

/** Parts of an original up to this size are fetched together; larger ones one by one, as streams. */
export const groupedPartBytes = 128 * 1024;

/** A search ends after this long and tells what it has: phones wait half a minute for an answer. */
export const searchMs = 25_000;

/** Folders that one search looks through: each is two commands at the least. */
export const searchedFolders = 500;

/** Items asked for at a time when edited drafts are looked at: a folder of drafts has few. */
export const aliasesAtOnce = 1024;

/**
 * Aliases of drafts that were sent or deleted: read with each look at changed drafts. When there are more, all but the
 * newest are removed; what is gone is then told by listing what is there.
 */
export const goneAliasesMost = 256;
/** Devices may still name these drafts' earlier versions and parts, and hear of a conflict rather than of a loss. */
export const goneAliasesKept = 128;

/** Sections of earlier versions that one draft remembers: a phone may still name them, and edits go on for days. */
export const formerPartsMost = 1000;

/** How long another process's edit of a draft is waited for before its halfway state is shown. */
export const editWaitMs = 3000;

/** Message-IDs by which the mails of a conversation are looked for: the first and some others name all the rest. */
export const messageIdsLookedFor = 60;

/** Conversations of an account whose later mail is moved; the oldest rules give way. */
export const maxConversationRules = 1_000;

/** Message-ids looked for by one search, three header fields each: a line that mail servers still take. */
export const idsPerSearch = 10;

/** Mails of a conversation that are looked at in one folder; of longer ones the oldest stay behind. */
export const maxConversationMails = 2_000;

/** Mails of a conversation that come back into the window with a new one; each is asked for alone. */
export const earlierOfConversationMost = 50;

/** What the parts of an original that are fetched together may have in all: they are held in memory. */
export const groupedBytes = 4 * 1024 * 1024;
