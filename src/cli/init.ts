/** `eastgate init`: writes a commented configuration file. */
import { writeFile } from "node:fs/promises";
import { definition } from "../config.ts";
import { commentedFile } from "../config/print.ts";
import { errorCode } from "../config/problem.ts";
import { parse, refuseMore, type Subcommand } from "./subcommand.ts";

const defaultFile = "eastgate.toml";

/** Why a file was not written, by the code of the error. */
const reasons: Readonly<Record<string, string>> = {
  EEXIST: "is there already and was left as it is; name another file.",
  ENOENT: "cannot be written: its folder does not exist; make it, or name another file.",
  EACCES: "cannot be written: this user may not write there; name another file.",
  EROFS: "cannot be written: nothing may be written there; name another file.",
};

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
      const reason = reasons[errorCode(error) ?? ""];
      if (reason === undefined) throw error;
      out(`${file} ${reason}`);
      return 1;
    }
    out(
      `Wrote ${file}. Fill in the certificate, your domain and its servers, then: eastgate check --config ${file} (in a checkout: npm start -- check --config ${file})`,
    );
    return 0;
  },
};
