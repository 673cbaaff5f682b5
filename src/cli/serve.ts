/** `eastgate serve`: runs the gateway until it is told to end. */
import process from "node:process";
import {
  configHelp,
  configOf,
  configOptions,
  parse,
  refuseMore,
  type Subcommand,
} from "./subcommand.ts";

/** Serves devices; SIGTERM ends it in order. */
export const serve: Subcommand = {
  summary: "run the gateway",
  help: `Usage: eastgate serve [--config FILE]

Runs the gateway and logs one JSON line an event on standard output. SIGTERM or Ctrl-C ends it in order: held
requests are answered over drain_seconds, running ones finish. A second one ends it at once.

${configHelp}`,
  async run(args, { env }) {
    const { values, positionals } = parse(args, configOptions);
    refuseMore(positionals, 0);
    const config = configOf(values, env);
    endWithStarter();
    // Only who serves waits until all of it is loaded.
    const { runGateway } = await import("../main.ts");
    await runGateway(config);
    if (process.connected) process.disconnect();
    return 0;
  },
};

/** Whoever started us over a channel (npm start, the demo) may be killed: then nobody would end us. */
function endWithStarter(): void {
  if (!process.connected) return;
  process.once("disconnect", () => process.emit("SIGTERM"));
}
