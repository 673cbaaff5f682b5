/** A plugin for hoodiecrow-imap 2.1.0: what a FETCH cuts, it cuts alike for every mail. */
import type { FetchItem, FetchServer } from "hoodiecrow-imap";
import handlers from "hoodiecrow-imap/lib/commands/handlers/fetch.js";

/**
 * For `BODY[1]<0.4096>` of a mail that has fewer octets the server forgets the 4096, and sends nothing of
 * the mails after it in the same command: phones would see empty mails. Each mail gets the request as it was.
 */
export function steadyCuts(server: FetchServer): void {
  const asked = new WeakMap<FetchItem, number[] | undefined>();
  for (const name of ["BODY", "BODY.PEEK"] as const) {
    server.fetchHandlers[name] = (connection, message, item) => {
      if (!asked.has(item)) asked.set(item, item.partial);
      const partial = asked.get(item);
      if (partial === undefined) return handlers[name](connection, message, item);
      // The answer names where the cut begins alone (RFC 3501 section 7.4.2).
      item.partial = partial.slice(0, 1);
      return handlers[name](connection, message, { ...item, partial: Array.from(partial) });
    };
  }
}
