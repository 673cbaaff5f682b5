/** Messages of PostgreSQL's programs, turned into what an operator can do. */

const explanations: readonly (readonly [RegExp, (folder: string) => string])[] = [
  [
    /could not look up effective user ID/i,
    () =>
      "The user that Eastgate runs as has no line in /etc/passwd, which PostgreSQL wants: add one, " +
      "or set DATABASE_URL to a PostgreSQL server.",
  ],
  [
    /no space left on device|disk quota exceeded|ENOSPC|EDQUOT/i,
    (folder) => `The disk that holds ${folder} is full: free some space there and start again.`,
  ],
  [
    /read-only file system|EROFS/i,
    (folder) =>
      `${folder} is on a read-only file system: set a data directory that can be written to.`,
  ],
  [
    /permission denied|operation not permitted|EACCES|EPERM|wrong ownership/i,
    (folder) =>
      `The user that Eastgate runs as may not use ${folder}: give that folder to it (chown -R), ` +
      "or start Eastgate as the folder's owner.",
  ],
  [
    /error while loading shared libraries|GLIBC_|ENOENT.*(initdb|postgres)/i,
    () =>
      "The embedded PostgreSQL does not run on this system (it needs glibc 2.27 or newer and its own libraries): " +
      "set DATABASE_URL to a PostgreSQL server.",
  ],
];

/** One sentence on what is wrong with `folder`, undefined when the messages are none that we know. */
export function explain(messages: string, folder: string): string | undefined {
  return explanations.find(([form]) => form.test(messages))?.[1](folder);
}

/** The last fatal line of a server's log, without its time and process. */
export function fatalLine(log: string): string | undefined {
  const lines = log.split("\n").filter((line) => /\b(FATAL|PANIC):/.test(line));
  return lines.at(-1)?.replace(/^.*?\b(?=FATAL|PANIC)/, "");
}
