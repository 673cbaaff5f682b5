import assert from "node:assert/strict";
import { test } from "node:test";
import { StillClock } from "../kit/still-clock.ts";
import { createLog } from "../kit/pino-log.ts";
import { createHealth, type Probes } from "./health.ts";
import { RequestMetrics } from "./metrics.ts";

function scene(probes: Probes) {
  const clock = new StillClock();
  const draining = new AbortController();
  const lines: string[] = [];
  const log = createLog("info", { write: (line) => void lines.push(line) });
  const zero = (): number => 0;
  const metrics = new RequestMetrics({
    heldRequests: () => 7,
    averageHeartbeatSeconds: zero,
    imapSessions: zero,
  });
  const app = createHealth({ probes, metrics, clock, log, draining: draining.signal });
  const get = async (url: string) => {
    const { statusCode, body } = await app.inject({ url });
    return { statusCode, body };
  };
  return { clock, draining, lines, get };
}

test("Health: alive and ready while everything answers; probes are not repeated at once", async () => {
  const counts = { database: 0 };
  const { get, clock } = scene({ database: async () => void (counts.database += 1) });
  assert.equal((await get("/healthz")).statusCode, 200);
  for (let i = 0; i < 3; i++) {
    const { statusCode, body } = await get("/readyz");
    assert.equal(statusCode, 200);
    assert.deepEqual(JSON.parse(body), { ready: true, checks: { database: "ok" } });
  }
  assert.equal(counts.database, 1);
  clock.advance(5_000);
  await get("/readyz");
  assert.equal(counts.database, 2);
});

test("Health: not ready without a server, whose fault stays in the log", async () => {
  const { get, lines } = scene({
    database: async () => 1,
    "imap example.com": async () => {
      throw new Error("connect ECONNREFUSED 10.1.2.3");
    },
  });
  const { statusCode, body } = await get("/readyz");
  assert.equal(statusCode, 503);
  assert.deepEqual(JSON.parse(body).checks, {
    database: "ok",
    "imap example.com": "out of reach",
  });
  assert.match(lines.join(""), /10\.1\.2\.3/);
  assert.equal((await get("/healthz")).statusCode, 200);
});

test("Health: a server that does not answer in time is out of reach", async () => {
  const signals: AbortSignal[] = [];
  const { get, clock } = scene({
    smtp: (signal) => {
      signals.push(signal);
      return new Promise(() => {});
    },
  });
  const asked = get("/readyz");
  while (clock.pending() === 0) await new Promise((resolve) => setImmediate(resolve));
  clock.advance(5_000);
  assert.equal((await asked).statusCode, 503);
  assert.equal(signals[0]?.aborted, true);
});

test("Health: not ready from the moment that the server begins to end", async () => {
  const { get, draining } = scene({});
  assert.equal((await get("/readyz")).statusCode, 200);
  draining.abort();
  assert.equal((await get("/readyz")).statusCode, 503);
});

test("Health: the metrics are in Prometheus's text format", async () => {
  const { get } = scene({});
  const { body } = await get("/metrics");
  assert.match(body, /^eastgate_held_requests 7$/m);
  assert.match(body, /^process_resident_memory_bytes \d+/m);
});
