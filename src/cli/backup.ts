/** `eastgate backup`: all state in one file. */
import { errorCode } from "../config/problem.ts";
import { stderrLog } from "./stderr-log.ts";
import {
  configHelp,
  configOf,
  configOptions,
  parse,
  refuseMore,
  UsageError,
  type Subcommand,
} from "./subcommand.ts";

/** Writes a backup, never over another file. */
export const backup: Subcommand = {
  summary: "write all state into a file",
  help: `Usage: eastgate backup FILE

Writes what the database holds into FILE: accounts, devices, and what each device has. It may run while the gateway
runs, and shows the state of one moment. "eastgate restore FILE" of this or any later version reads it, whatever the
version of PostgreSQL. The file is compressed, readable by its owner alone, and never written over another one.

${configHelp}`,
  async run(args, { env, out }) {
    const { values, positionals } = parse(args, configOptions);
    const [file] = positionals;
    if (file === undefined) throw new UsageError(`"backup" wants a file to write`);
    refuseMore(positionals, 1);
    const [{ connectStore }, { backUp }] = await Promise.all([
      import("../compose.ts"),
      import("../store/backup-file.ts"),
    ]);
    await using store = await connectStore(configOf(values, env), stderrLog, 1);
    try {
      const { tables, rows } = await backUp(store.database, file);
      out(`Wrote ${rows} rows of ${tables} tables into ${file}.`);
      return 0;
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      out(`${file} is there already and was left as it is; name another file.`);
      return 1;
    }
  },
};
