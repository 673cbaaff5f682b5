/** What is known of a request so far, for its line in the log. Never contents nor credentials. */
export interface Trace {
  readonly startedMs: number;
  readonly address: string;
  user?: string;
  device?: string;
  command?: string;
  version?: string;
  /** Commands sent to the mail server. */
  roundTrips: number;
  bytesIn: number;
}
