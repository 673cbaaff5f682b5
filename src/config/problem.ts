/** What is wrong in a configuration, said so that it can be put right at once. */

/** One error: the key, what is wrong and what would be right. */
export interface Problem {
  /** As the operator wrote it: "domains[1].imap.host", "EASTGATE_LISTEN_PORT", "line 3". */
  readonly key: string;
  readonly wrong: string;
  readonly right: string;
}

/** A configuration that cannot be used; the message lists all problems. */
export class ConfigError extends Error {
  override name = "ConfigError";
  readonly problems: readonly Problem[];
  constructor(source: string, problems: readonly Problem[]) {
    const count = problems.length === 1 ? "1 error" : `${problems.length} errors`;
    const lines = problems.map(
      ({ key, wrong, right }) => `  ${key}: ${wrong}. ${right}${right.endsWith("?") ? "" : "."}`,
    );
    super([`${source}: ${count}`, ...lines].join("\n"));
    this.problems = problems;
  }
}

/** The code of a system error ("ENOENT"); undefined for any other. */
export function errorCode(error: unknown): string | undefined {
  if (!(error instanceof Error) || !("code" in error)) return undefined;
  return typeof error.code === "string" ? error.code : undefined;
}

/** The candidate that a misspelt word most likely means, if any is near. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const ranked = candidates
    .map((candidate) => ({
      candidate,
      edits: distance(word.toLowerCase(), candidate.toLowerCase()),
    }))
    .toSorted((a, b) => a.edits - b.edits);
  const best = ranked[0];
  return best !== undefined && best.edits <= Math.max(2, word.length / 3)
    ? best.candidate
    : undefined;
}

/** Levenshtein distance: how many characters must be added, dropped or replaced. */
function distance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (const [line, letter] of Array.from(from).entries()) {
    const next = [line + 1];
    for (const [column, other] of Array.from(to).entries()) {
      const replaced = (row[column] ?? 0) + (letter === other ? 0 : 1);
      next.push(Math.min(replaced, (row[column + 1] ?? 0) + 1, (next[column] ?? 0) + 1));
    }
    row = next;
  }
  return row.at(-1) ?? 0;
}
