/** Limits of queries, each with its reason. */

/** Characters of a query that are read: nobody types more, and a mail server takes only so much in a line. */
export const maxQueryLength = 1_000;

/** Single conditions in a query: an iPhone sends six for each word, and each costs the server a pass. */
export const maxConditions = 60;

/** Parentheses in parentheses. */
export const maxQueryDepth = 8;
