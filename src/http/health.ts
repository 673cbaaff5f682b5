/** Health and metrics, on a port of their own that the public does not reach. */
import { fastify, type FastifyInstance } from "fastify";
import { within } from "../kit/abort.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import { probeCacheMs, probeLimitMs } from "./limits.ts";

/** Something that the gateway cannot do without. Rejects when it is not there. */
export type Probe = (signal: AbortSignal) => Promise<unknown>;

/** What /readyz asks, by the name that it tells ("database", "imap example.com"). */
export type Probes = Readonly<Record<string, Probe>>;

/** What /metrics answers. */
export interface Metrics {
  /** Media type of `text`. */
  readonly contentType: string;
  text(): Promise<string>;
}

/** What the health endpoint works with. */
export interface HealthServices {
  readonly probes: Probes;
  readonly metrics: Metrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Aborted when the server begins to end: not ready from then on. */
  readonly draining: AbortSignal;
}

interface Readiness {
  readonly ready: boolean;
  /** "ok" or "out of reach" for each probe. */
  readonly checks: Readonly<Record<string, string>>;
}

/** GET /healthz (the process runs), /readyz (send it requests), /metrics; not listening yet. */
export function createHealth(services: HealthServices): FastifyInstance {
  const app = fastify({ logger: false, forceCloseConnections: true });
  const readiness = new Readinesses(services);
  app.get("/healthz", async () => ({ alive: true }));
  app.get("/readyz", async (_request, reply) => {
    const found = await readiness.now();
    return await reply.code(found.ready ? 200 : 503).send(found);
  });
  app.get("/metrics", async (_request, reply) => {
    const { contentType } = services.metrics;
    return await reply.header("Content-Type", contentType).send(await services.metrics.text());
  });
  return app;
}

/** Probes, no more often than the cache allows, whoever asks. */
class Readinesses {
  readonly #services: HealthServices;
  #probed: { readonly at: number; readonly found: Promise<Readiness> } | undefined;

  constructor(services: HealthServices) {
    this.#services = services;
  }

  async now(): Promise<Readiness> {
    const { clock, draining } = this.#services;
    if (draining.aborted) return { ready: false, checks: { server: "is ending" } };
    const now = clock.now();
    if (this.#probed === undefined || now - this.#probed.at >= probeCacheMs) {
      this.#probed = { at: now, found: this.#probeAll() };
    }
    return await this.#probed.found;
  }

  async #probeAll(): Promise<Readiness> {
    const names = Object.entries(this.#services.probes);
    const results = await Promise.all(
      names.map(async ([name, probe]) => [name, await this.#probe(name, probe)] as const),
    );
    const ready = results.every(([, result]) => result === "ok");
    return { ready, checks: Object.fromEntries(results) };
  }

  /** The reason goes to the log: whoever asks may know only that something is missing. */
  async #probe(name: string, probe: Probe): Promise<string> {
    const { clock, log } = this.#services;
    try {
      await within(clock, probeLimitMs, probe);
      return "ok";
    } catch (error) {
      log.warn({ err: error, probe: name }, "Not ready");
      return "out of reach";
    }
  }
}
