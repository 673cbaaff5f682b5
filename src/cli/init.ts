/** `eastgate init`: writes a commented configuration file. */
import { writeFile } from "node:fs/promises";
import { definition } from "../config.ts";
import { commentedFile } from "../config/print.ts";
import { errorCode } from "../config/problem.ts";
import { parse, refuseMore, type Subcommand } from "./subcommand.ts";

const defaultFile = "eastgate.toml";

/** Writes the file, never over another one. */
export const init: Subcommand = {
  summary: "write a commented configuration file",
  help: `Usage: eastgate init [FILE]

Writes a configuration file with every setting, its help and its default (${defaultFile} when FILE is not given).
A file that is there already is left as it is, and the exit code is 1.`,
  async run(args, { out }) {
    const { positionals } = parse(args, {});
    refuseMore(positionals, 1);
    const file = positionals[0] ?? defaultFile;
    try {
      await writeFile(file, commentedFile(definition), { flag: "wx", mode: 0o640 });
    } catch (error) {
      if (errorCode(error) !== "EEXIST") throw error;
      out(`${file} is there already and was left as it is; name another file.`);
      return 1;
    }
    out(
      `Wrote ${file}. Fill in the certificate, your domain and its servers, then: eastgate check --config ${file}`,
    );
    return 0;
  },
};
