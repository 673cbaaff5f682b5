/** The range of results that a Search asks for. */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import { maxResults } from "../limits.ts";
import { parseRange, type ResultRange } from "./range.ts";

/** What is asked for, and what of it can be had. */
export interface AskedRange {
  readonly kept: ResultRange;
  readonly isWhole: boolean;
}

/** 0-99 by default, and no further (MS-ASCMD R3733, R3735, R3736). Throws StatusError. */
export function askedRange(text: string | undefined): AskedRange {
  const highest = maxResults - 1;
  const asked = text === undefined ? { first: 0, last: highest } : parseRange(text);
  if (asked === undefined) {
    throw new StatusError(commandStatus.Search.InvalidRequest, "a range that is none");
  }
  const kept = { first: asked.first, last: Math.min(asked.last, highest) };
  return { kept, isWhole: asked.last <= highest };
}
