/** What a subcommand of `eastgate` is. */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { loadConfig, type Config } from "../config.ts";
import type { Environment } from "../config/read.ts";

/** What a subcommand may touch of the process. */
export interface Terminal {
  readonly env: Environment;
  /** Prints a line on standard output. */
  readonly out: (line: string) => void;
}

/** One subcommand; its file tells the rest. */
export interface Subcommand {
  /** One line for the list of commands. */
  readonly summary: string;
  /** The whole help, from "Usage:" on. */
  readonly help: string;
  /** Does the work and gives the exit code: 0 good, 1 what was asked did not work. Throws `UsageError`. */
  run(args: readonly string[], terminal: Terminal): Promise<number>;
}

/** The command line is not understood, or names what is not there: exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Parses the arguments of a subcommand strictly. Throws `UsageError`. */
export function parse<const Options extends NonNullable<ParseArgsConfig["options"]>>(
  args: readonly string[],
  options: Options,
) {
  try {
    return parseArgs({ args: [...args], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error), { cause: error });
  }
}

/** The options that say where the configuration is. */
export const configOptions = { config: { type: "string", short: "c" } } as const;

/** How the help of each subcommand tells of them. */
export const configHelp = `  -c, --config FILE   the configuration; default: EASTGATE_CONFIG, else environment variables alone`;

/** The configuration that `--config` or the environment names. Throws `ConfigError`. */
export function configOf(
  values: { readonly config?: string | undefined },
  env: Environment,
): Config {
  const named = values.config ?? env["EASTGATE_CONFIG"];
  return loadConfig({ file: named === "" ? undefined : named, env });
}

/** Throws `UsageError` on any positional argument beyond `count`. */
export function refuseMore(positionals: readonly string[], count: number): void {
  const extra = positionals[count];
  if (extra !== undefined) throw new UsageError(`"${extra}" is not understood here`);
}
