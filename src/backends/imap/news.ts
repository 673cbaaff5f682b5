/** What tells that a selected folder is not any more as it was. */
import type { Untagged } from "./connection.ts";
import { pairsOf, textOf } from "./tokens.ts";

/** Commands that change nothing in the selected folder. */
export const readingCommands: ReadonlySet<string> = new Set([
  "UID FETCH",
  "UID SEARCH",
  "STATUS",
  "LIST",
  "NOOP",
]);

/** What a server tells of its own accord of a mail whose flags another client changed. */
const flagItems = new Set(["UID", "FLAGS", "MODSEQ"]);

/** Whether an untagged response tells of a change, and is no answer to what was asked. */
export function isNews(name: string, { attributes = [] }: Untagged): boolean {
  if (name === "FETCH")
    return [...pairsOf(attributes[1]).keys()].every((key) => flagItems.has(key));
  if (name === "VANISHED") return !isEarlier(attributes[0]);
  return name === "EXISTS" || name === "EXPUNGE";
}

/** VANISHED (EARLIER) answers a FETCH (RFC 7162 3.2.10.1). */
function isEarlier(token: Parameters<typeof textOf>[0]): boolean {
  return Array.isArray(token) && textOf(token[0])?.toUpperCase() === "EARLIER";
}
