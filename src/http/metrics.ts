/** What the endpoint counts, for Prometheus. */
import {
  AggregatorRegistry,
  collectDefaultMetrics,
  Counter,
  Gauge,
  Histogram,
  Registry,
} from "prom-client";

import type { Metrics } from "./health.ts";

/** Values that are read when somebody asks for the metrics. */
export interface Gauges {
  readonly heldRequests: () => number;
  readonly averageHeartbeatSeconds: () => number;
  readonly imapSessions: () => number;
}

// Held requests run up to an hour; the others should stay under a second.
const durationBuckets = [0.01, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 15, 60, 300, 900, 3_600];

/** The metrics of all worker processes as one; for the process that started them. */
export class WorkersMetrics implements Metrics {
  readonly #registry = new AggregatorRegistry();

  get contentType(): string {
    return this.#registry.contentType;
  }

  async text(): Promise<string> {
    return await this.#registry.clusterMetrics();
  }
}

/** Counts requests; `text` is what /metrics answers. */
export class RequestMetrics implements Metrics {
  readonly #registry = new Registry();
  readonly #requests: Counter<"command" | "http" | "status">;
  readonly #durations: Histogram<"command">;

  constructor(gauges: Gauges) {
    const registers = [this.#registry];
    collectDefaultMetrics({ register: this.#registry });
    this.#requests = new Counter({
      name: "eastgate_requests_total",
      help: "Requests by command, HTTP status and Status element.",
      labelNames: ["command", "http", "status"],
      registers,
    });
    this.#durations = new Histogram({
      name: "eastgate_request_duration_seconds",
      help: "Time from a request's headers to its answer; held requests are in it.",
      labelNames: ["command"],
      buckets: durationBuckets,
      registers,
    });
    this.#gauge("eastgate_held_requests", "Ping and Sync requests held now.", gauges.heldRequests);
    this.#gauge(
      "eastgate_average_heartbeat_seconds",
      "Running average of the heartbeats asked for; below 540 something between cuts connections.",
      gauges.averageHeartbeatSeconds,
      // A sum over workers would hide what this is for; one that holds nothing has 0.
      "max",
    );
    this.#gauge("eastgate_imap_sessions", "Open IMAP sessions.", gauges.imapSessions);
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Answers the process that started this one when it gathers the metrics of all workers. */
  tellStarter(): void {
    AggregatorRegistry.setRegistries(this.#registry);
    // It listens for the question from its construction on.
    void new AggregatorRegistry();
  }

  /** Counts an answered request; `command` must be a known name. */
  count(command: string, answer: { http: number; status?: number | undefined }, ms: number): void {
    const status = answer.status === undefined ? "" : String(answer.status);
    this.#requests.inc({ command, http: String(answer.http), status });
    this.#durations.observe({ command }, ms / 1_000);
  }

  /** All metrics in the text format of Prometheus. */
  async text(): Promise<string> {
    return await this.#registry.metrics();
  }

  #gauge(name: string, help: string, read: () => number, aggregator: "sum" | "max" = "sum"): void {
    const gauge: Gauge = new Gauge({
      name,
      help,
      aggregator,
      registers: [],
      collect: () => gauge.set(read()),
    });
    this.#registry.registerMetric(gauge);
  }
}
