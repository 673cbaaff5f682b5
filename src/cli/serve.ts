/** `eastgate serve`: runs the gateway until it is told to end. */
import cluster from "node:cluster";
import process from "node:process";
import type { Config } from "../config.ts";
import { systemClock } from "../kit/clock.ts";
import { endMessage } from "../workers/crew.ts";
import { serviceManager } from "./service-manager.ts";
import { stderrLog } from "./stderr-log.ts";
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
    using manager = serviceManager(cluster.isWorker ? {} : env, systemClock, stderrLog);
    await run(config, () => manager.ready());
    if (process.connected) process.disconnect();
    return 0;
  },
};

/** Only who serves waits until all of it is loaded. */
async function run(config: Config, onListening: () => void): Promise<void> {
  if (cluster.isWorker) {
    const until = toldToEnd();
    const [{ runGateway }, { shareOf }, { createLog }] = await Promise.all([
      import("../main.ts"),
      import("../workers/share.ts"),
      import("../kit/pino-log.ts"),
    ]);
    const log = createLog(config.log.level).child({ worker: process.pid });
    await runGateway(shareOf(config), { isWorker: true, until, log });
  } else if (config.workers > 1) {
    const { runWorkers } = await import("../workers/overseer.ts");
    await runWorkers(config, onListening);
  } else {
    const { runGateway } = await import("../main.ts");
    await runGateway(config, { onListening });
  }
}

/** Resolves when the process that started this worker wants it to end. */
async function toldToEnd(): Promise<void> {
  return new Promise((resolve) => {
    process.on("message", (message) => {
      if (message === endMessage) resolve();
    });
  });
}

/** Whoever started us over a channel (npm start, the demo) may be killed: then nobody would end us. */
function endWithStarter(): void {
  if (!process.connected) return;
  process.once("disconnect", () => process.emit("SIGTERM"));
}
