/** What `eastgate check` found out, line by line. */

/** One line: "fail" will not work, "warn" works less well. */
export interface Finding {
  readonly level: "ok" | "warn" | "fail";
  /** What was looked at: "IMAP mail.example.com". */
  readonly subject: string;
  readonly text: string;
}

const marks = { ok: "ok   ", warn: "warn ", fail: "FAIL " } as const;

/** The line that is printed. */
export function lineOf({ level, subject, text }: Finding): string {
  return `${marks[level]} ${subject}: ${text}`;
}

/** Does a look, and turns what it throws into a finding. */
export async function look(
  subject: string,
  work: () => Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await work();
  } catch (error) {
    const text = error instanceof Error ? error.message : String(error);
    return [{ level: "fail", subject, text }];
  }
}
