/** What the rest of the gateway knows of the log: structured fields first, then one sentence. */
export interface Log {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A log whose lines carry these fields too. */
  child(fields: object): Log;
}
