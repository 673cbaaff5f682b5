/** A gateway process that a test can stop at a named point. Its configuration comes by the environment. */
import process, { argv, env } from "node:process";
import { openBackend } from "../../src/compose.ts";
import { loadConfig } from "../../src/config.ts";
import { systemClock, type Clock } from "../../src/kit/clock.ts";
import { createLog } from "../../src/kit/pino-log.ts";
import { keepHeapSmall } from "../../src/kit/small-heap.ts";
import { runGateway } from "../../src/main.ts";
import { withStops, type Arm, type Reached, type Stop } from "./stops.ts";

keepHeapSmall();

// So many seconds is its clock ahead: leases of processes that were killed have ended.
const aheadMs = Number(argv[2] ?? 0) * 1000;
const clock: Clock = { ...systemClock, now: () => systemClock.now() + aheadMs };

let armed: Stop | undefined;
let goOn = Promise.withResolvers<void>();
process.on("message", ({ arm }: Arm) => {
  armed = arm ?? undefined;
  if (arm !== null) return;
  goOn.resolve();
  goOn = Promise.withResolvers();
});
process.once("disconnect", () => process.exit());

function reach(stop: Stop): Promise<void> {
  if (stop !== armed) return Promise.resolve();
  armed = undefined;
  process.send?.({ reached: stop } satisfies Reached);
  return goOn.promise;
}

const config = loadConfig({ env });
const log = createLog(config.log.level);
const [domain] = config.domains;
if (domain === undefined) throw new Error("the configuration has no mail domain");
const backend = withStops(await openBackend(domain, { clock, log }), reach);
await runGateway(config, { clock, log, backendOf: () => backend, checkpoint: reach });
