/** What is known of a request so far, for its line in the log and for observers. Never contents nor credentials. */
export interface Trace {
  readonly startedMs: number;
  readonly address: string;
  user?: string;
  device?: string;
  command?: string;
  version?: string;
  /** Row ids of the device and its account, once they are known; not for the log. */
  partnership?: { readonly id: string; readonly accountId: string };
  /** Commands sent to the mail server. */
  roundTrips: number;
  bytesIn: number;
}
