/** The process that starts the workers: it owns the embedded database, and answers for health and metrics. */
import type { FastifyInstance } from "fastify";
import { closeNow, openBackends, openStore, probesOf, readTls } from "../compose.ts";
import type { Config } from "../config.ts";
import { createHealth } from "../http/health.ts";
import { WorkersMetrics } from "../http/metrics.ts";
import { systemClock } from "../kit/clock.ts";
import { createLog } from "../kit/pino-log.ts";
import { askedToEnd, stopOrLeave, withAdvice } from "../main.ts";
import { Crew } from "./crew.ts";

/** Runs `workers` processes that serve, until a signal ends them all. Throws what cannot be started. */
export async function runWorkers(config: Config, onListening: () => void): Promise<void> {
  const asked = askedToEnd();
  const clock = systemClock;
  const log = createLog(config.log.level);
  await using stack = new AsyncDisposableStack();
  const { database } = stack.use(await openStore(config, log));
  // Made once, before all workers want it.
  await readTls(config, { clock, log });
  const backends = await openBackends(config, { clock, log });
  for (const { mail, transport } of backends.values()) {
    stack.use(mail);
    stack.use(transport);
  }
  const { workers: size, drainSeconds } = config;
  const crew = new Crew({ size, drainSeconds, clock, log });
  const draining = new AbortController();
  const health = createHealth({
    probes: { ...probesOf({ database, backends }), workers: async () => mustServe(crew, size) },
    metrics: new WorkersMetrics(),
    clock,
    log,
    draining: draining.signal,
  });
  stack.defer(() => closeNow(health));
  if (asked.now()) return;
  const { address, port } = await crew.start();
  const end = async (): Promise<void> => {
    draining.abort();
    await crew.end();
    log.info({}, "All workers have ended");
  };
  const healthUrl = await listen(health, config).catch(async (error: unknown) => {
    await end();
    throw error;
  });
  const scheme = config.tls.mode === "off" ? "http" : "https";
  log.info(
    { url: `${scheme}://${address}:${port}`, healthUrl, workers: size },
    "All workers serve",
  );
  onListening();
  await asked.promise;
  await stopOrLeave(end);
}

async function listen(health: FastifyInstance, config: Config): Promise<string> {
  return await health.listen(config.metrics).catch((error: unknown) => {
    throw withAdvice(error, config);
  });
}

function mustServe({ serving }: Crew, size: number): void {
  if (serving < size) throw new Error(`${serving} of ${size} workers serve`);
}
