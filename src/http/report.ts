/** The line that each request leaves in the log, and its place in the metrics. */
import { isCommandName } from "../../schemas/commands.ts";
import type { Outgoing } from "./outgoing.ts";
import type { Services } from "./services.ts";
import type { Trace } from "./trace.ts";

/** Writes down an answered request; never contents nor credentials. */
export function report(
  trace: Trace,
  { http, status }: Outgoing,
  bytesOut: number,
  { clock, log, metrics }: Pick<Services, "clock" | "log" | "metrics">,
): void {
  const { startedMs, partnership: _, ...known } = trace;
  const durationMs = clock.now() - startedMs;
  metrics.count(label(trace.command), { http, status }, durationMs);
  log.info({ ...known, http, status, durationMs, bytesOut }, "request");
}

/** Few values, whatever clients send: each makes a time series. */
function label(command: string | undefined): string {
  if (command === undefined) return "none";
  return command === "OPTIONS" || isCommandName(command) ? command : "unknown";
}
