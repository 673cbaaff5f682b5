/** The range of results that a Find asks for. */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import { maxFindResults, maxResults } from "../limits.ts";
import { parseRange, type ResultRange } from "../search/range.ts";

/** 0-99 by default; an answer has no more, whatever is asked (R37071812, R37071816). Throws StatusError. */
export function findRange(text: string | undefined): ResultRange {
  const asked = text === undefined ? { first: 0, last: maxResults - 1 } : parseRange(text);
  if (asked === undefined || asked.last >= maxFindResults) {
    throw new StatusError(commandStatus.Find.InvalidRequest, "a range that is none");
  }
  return { first: asked.first, last: Math.min(asked.last, asked.first + maxResults - 1) };
}
