/** Bounds of reading calendars: a mail's calendar may say anything. */

/** Characters of one unfolded line that are read; longer ones are attachments or HTML, which nothing here shows. */
export const maxLineLength = 64 * 1024;

/** Lines of one calendar: an invitation has some dozens, a whole year of appointments some ten thousands. */
export const maxLines = 50_000;

/** Components inside each other: VCALENDAR, VEVENT, VALARM and something to spare. */
export const maxComponentDepth = 8;

/** Changes of offset of one time zone: the longest histories of the world have some 200. */
export const maxObservances = 400;

/** Characters of a place (MS-ASEMAIL 2.2.2.46). */
export const maxLocationLength = 32_768;

/** Characters of a calendar's UID that fit into a GlobalObjId which clients take. */
export const maxUidLength = 1024;

/** Time zones that are remembered: the world has some 600 names, of 32 characters at the most. */
export const rememberedZones = { most: 1000, longest: 64 };

/** Years whose rule is remembered of each time zone: appointments lie in a few. */
export const maxRememberedYears = 50;
