/** Limits of `sync/`, each with its reason. */

/** Numbers per known row: a flag change rewrites one row, below PostgreSQL's TOAST limit of 2 KB. */
export const blockSize = 2048;

/** Highest item number: IMAP's UID has 32 bits (RFC 9051 2.3.1.1). Stands for "no upper end". */
export const topNumber = 4_294_967_295;

/** Segments in one head; floods abandoned one after another would make more. The oldest are merged. */
export const segmentsMost = 48;

/** Ranges that one `within` may leave unexplored; smaller gaps between them are explored too. */
export const unexploredRangesMost = 24;

/** Sets of categories in one head before unused ones are swept out; people use a few dozen. */
export const labelSetsMost = 256;

/** A `changed` with more items than this many windows is asked in slices of as many from then on. */
export const sliceWindows = 4;

/** How fast slices and explorations that found little grow, so that a comparison is not page by page. */
export const growth = 4;

/** Items that one exploration asks for at the most: about 0.5 MB of metadata lines. */
export const exploreMost = 4096;

/** Items that one exploration asks for at the least: a window of one would ask for each item. */
export const exploreLeast = 16;

/** Blocks that are asked for by number; beyond that (2 million numbers) all rows are read at once. */
export const blocksByNumberMost = 1024;

/** Another process may take over this long after the last sign of life of the one that opened. */
export const leaseMs = 30_000;

/** A lease is renewed after this much work: two renewals may fail before it runs out. */
export const renewMs = 10_000;

/** Work on one answer ends within this time; after it the lease is not renewed any more. */
export const longestWorkMs = 600_000;

/** First pause before a lease of another process is looked at again: its usual work takes so long. */
export const leasePollFirstMs = 20;

/** Longest pause: a device that repeats its request should not wait noticeably longer than needed. */
export const leasePollMostMs = 500;

/** A dry run starts anew this often when Syncs answer meanwhile; a device syncs one at a time. */
export const peeksMost = 3;
