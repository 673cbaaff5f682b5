/** The order in which the endpoint ends: held requests first, then running ones, then what is left. */
import type { FastifyInstance } from "fastify";
import { TimeLimitPassed, within } from "../kit/abort.ts";
import type { Clock } from "../kit/clock.ts";
import { finishMs } from "./limits.ts";

/** What has to end. */
export interface Stopping {
  readonly app: FastifyInstance;
  readonly clock: Clock;
  /** Answers the held requests, spread over the time that was configured. */
  readonly drain: () => Promise<void>;
}

/** Ends the endpoint well; resolves when no connection is open any more. */
export async function stop({ app, clock, drain }: Stopping): Promise<void> {
  await drain();
  const closed = app.close();
  try {
    await within(clock, finishMs, () => closed);
  } catch (error) {
    if (!(error instanceof TimeLimitPassed)) throw error;
    app.server.closeAllConnections();
    await closed;
  }
}
