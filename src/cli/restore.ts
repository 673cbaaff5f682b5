/** `eastgate restore`: a backup into an empty database. */
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

/** Reads a backup, into an empty database alone. */
export const restore: Subcommand = {
  summary: "read a backup into an empty database",
  help: `Usage: eastgate restore FILE

Reads a backup of this or an earlier version into the database of the configuration and brings it up to date. The
gateway must not run, and the database must be empty; with the embedded database, move the folder "database" out of
data_dir first. When anything is wrong nothing is changed, and the exit code is 1.

${configHelp}`,
  async run(args, { env, out }) {
    const { values, positionals } = parse(args, configOptions);
    const [file] = positionals;
    if (file === undefined) throw new UsageError(`"restore" wants a file to read`);
    refuseMore(positionals, 1);
    const [{ connectStore, migrations }, backups] = await Promise.all([
      import("../compose.ts"),
      import("../store/backup-file.ts"),
    ]);
    await using store = await connectStore(configOf(values, env), stderrLog, 1);
    const { tables, rows } = await backups.restore(store.database, migrations, file);
    out(`Restored ${rows} rows of ${tables} tables.`);
    return 0;
  },
};
