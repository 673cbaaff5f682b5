/** `npm start`: the demo, or the gateway on the operator's servers. See `npm start -- --help`. */
import { resolve } from "node:path";
import { argv, cwd, env, exit, stdout } from "node:process";
import { parseArgs } from "node:util";
import { ensureInstalled, give, runHere, runUnderProjectNode } from "./setup.mjs";

const help = `Usage:
  npm start                        the demo: everything on this machine, two users, nothing to configure
  npm start -- --config FILE       the gateway, on the servers that FILE names
  npm start -- --init [FILE]       write a commented configuration file (eastgate.toml), never over another
  npm start -- check …             the command "eastgate check": what will not work, and why
  npm start -- device list …       the command "eastgate device"; both tell more with --help
  npm start -- --help              this text

The demo takes: --port N (HTTPS, 8443 or the next free one), --data DIR (default: data/demo), --host ADDRESS.
EASTGATE_CONFIG=FILE is the same as --config FILE. Every setting can be given by an environment variable too;
docs/configuration.md lists them.
`;

/** Commands of `eastgate` that a checkout offers as the package does. */
const subcommands = ["check", "device"];

function parse() {
  try {
    return parseArgs({
      args: argv.slice(2),
      allowPositionals: true,
      options: {
        config: { type: "string" },
        init: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        port: { type: "string" },
        data: { type: "string" },
        host: { type: "string" },
      },
    });
  } catch (error) {
    return give(`${error.message}\n\n${help}`);
  }
}

/** npm runs us in the project's folder; paths are meant from where the user is. */
function fromUser(path) {
  return resolve(env.INIT_CWD ?? cwd(), path);
}

function demoArgs({ port, data, host }) {
  const given = { port, data: data && fromUser(data), host };
  return Object.entries(given).flatMap(([name, value]) =>
    value === undefined ? [] : [`--${name}`, value],
  );
}

if (subcommands.includes(argv[2])) {
  ensureInstalled();
  runHere(["src/bin.ts", ...argv.slice(2)], env.INIT_CWD ?? cwd());
}
const { values, positionals } = parse();
if (values.help) {
  stdout.write(help);
  exit(0);
}
if (positionals.length > (values.init ? 1 : 0)) {
  give(`"${positionals.at(-1)}" is not understood here.\n\n${help}`);
}
ensureInstalled();
const config = values.config ?? env.EASTGATE_CONFIG;
const configuredByVariables = Object.keys(env).some((name) => name.startsWith("EASTGATE_DOMAINS_"));
if (values.init) {
  runUnderProjectNode(["src/bin.ts", "init", fromUser(positionals[0] ?? "eastgate.toml")]);
} else if (config) runUnderProjectNode(["src/bin.ts", "serve", "--config", fromUser(config)]);
else if (configuredByVariables) runUnderProjectNode(["src/bin.ts", "serve"]);
else runUnderProjectNode(["scripts/demo/main.ts", ...demoArgs(values)]);
