/** The `eastgate` command: finds the subcommand, prints help, turns errors into sentences and exit codes. */
import { readFileSync } from "node:fs";
import { findPackageJSON } from "node:module";
import process from "node:process";
import { backup } from "./cli/backup.ts";
import { check } from "./cli/check.ts";
import { device } from "./cli/device.ts";
import { init } from "./cli/init.ts";
import { restore } from "./cli/restore.ts";
import { serve } from "./cli/serve.ts";
import { trace } from "./cli/trace.ts";
import { UsageError, type Subcommand } from "./cli/subcommand.ts";
import { ConfigError } from "./config/problem.ts";

const subcommands: Readonly<Record<string, Subcommand>> = {
  serve,
  init,
  check,
  device,
  trace,
  backup,
  restore,
};

const exitCodes = { usage: 2 } as const;

function overview(): string {
  const lines = Object.entries(subcommands).map(
    ([name, { summary }]) => `  ${name.padEnd(8)} ${summary}`,
  );
  return `Usage: eastgate COMMAND …

Exchange ActiveSync for IMAP and SMTP servers.

${lines.join("\n")}

"eastgate COMMAND --help" tells more, "eastgate --version" which version this is. Exit codes: 0 good, 1 it did not work, 2 the command line is not understood.`;
}

/** Runs `eastgate` with these arguments and sets the exit code. */
export async function runCli(args: readonly string[]): Promise<void> {
  process.exitCode = await run(args).catch((error: unknown) => complain(error));
}

async function run([name, ...rest]: readonly string[]): Promise<number> {
  const wantsHelp = rest.includes("--help") || rest.includes("-h");
  if (name === undefined || name === "--help" || name === "-h" || name === "help") {
    print(overview());
    return name === undefined ? exitCodes.usage : 0;
  }
  if (name === "--version") {
    print(version());
    return 0;
  }
  const subcommand = Object.hasOwn(subcommands, name) ? subcommands[name] : undefined;
  if (subcommand === undefined) throw new UsageError(`There is no command "${name}"`);
  if (wantsHelp) {
    print(subcommand.help);
    return 0;
  }
  // oxlint-disable-next-line no-restricted-properties -- the entry hands the environment on
  return subcommand.run(rest, { env: process.env, out: print });
}

/** The version of the package that this file is part of. */
function version(): string {
  const file = findPackageJSON(import.meta.url);
  if (file === undefined)
    throw new Error("The package.json of eastgate is missing: install it anew");
  const about: unknown = JSON.parse(readFileSync(file, "utf8"));
  const told = typeof about === "object" && about !== null && "version" in about;
  return told ? String(about.version) : "unknown";
}

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

function complain(error: unknown): number {
  if (error instanceof UsageError) {
    process.stderr.write(`${error.message}; "eastgate --help" tells what is.\n`);
    return exitCodes.usage;
  }
  if (error instanceof ConfigError) {
    process.stderr.write(`${error.message}\n`);
    return 1;
  }
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  return 1;
}
