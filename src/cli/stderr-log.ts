/** The log of a subcommand that does one thing and ends: only what went wrong, on standard error. */
import process from "node:process";
import type { Log } from "../kit/log.ts";

function write(fields: object, message: string): void {
  const more = Object.keys(fields).length === 0 ? "" : ` ${JSON.stringify(fields)}`;
  process.stderr.write(`${message}${more}\n`);
}

/** Warnings and errors as lines for people. */
export const stderrLog: Log = {
  debug() {},
  info() {},
  warn: write,
  error: write,
  child: () => stderrLog,
};
