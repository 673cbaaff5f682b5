/** Ranges of results: "m-n", zero-based and inclusive (MS-ASCMD 2.2.3.143). */

/** The first and the last place. */
export interface ResultRange {
  readonly first: number;
  readonly last: number;
}

/** The range of a text; undefined when it is none. */
export function parseRange(text: string): ResultRange | undefined {
  const [, first, last] = /^\s*(\d{1,9})\s*-\s*(\d{1,9})\s*$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  return first === undefined || range.first > range.last ? undefined : range;
}

/** The elements that tell which results are in an answer, and of how many. */
export function told(
  { first }: ResultRange,
  { count, total }: { readonly count: number; readonly total: number },
): { readonly Range?: string; readonly Total: number } {
  if (count === 0) return { Total: total };
  return { Range: `${first}-${first + count - 1}`, Total: total };
}
