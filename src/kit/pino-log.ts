/** The log, one JSON line for each event, by pino. */
import { pino, stdTimeFunctions, type DestinationStream, type Logger } from "pino";
import type { Log } from "./log.ts";

/** How much is logged. */
export type LogLevel = "debug" | "info" | "warn" | "error";

// Errors are told by what they say and where; never by properties that libraries hang on them, which can hold contents.
function tellError(error: unknown): unknown {
  if (!(error instanceof Error)) return error;
  const cause = error.cause === undefined ? {} : { cause: tellError(error.cause) };
  return { type: error.name, message: error.message, stack: error.stack, ...cause };
}

/** A log that writes lines to `destination` (standard output when left out). */
export function createLog(level: LogLevel, destination?: DestinationStream): Log {
  const options = {
    level,
    base: null,
    timestamp: stdTimeFunctions.isoTime,
    formatters: { level: (label: string) => ({ level: label }) },
    serializers: { err: tellError, error: tellError },
  };
  return wrap(destination === undefined ? pino(options) : pino(options, destination));
}

function wrap(logger: Logger): Log {
  return {
    debug: (fields, message) => logger.debug(fields, message),
    info: (fields, message) => logger.info(fields, message),
    warn: (fields, message) => logger.warn(fields, message),
    error: (fields, message) => logger.error(fields, message),
    child: (fields) => wrap(logger.child(fields)),
  };
}
