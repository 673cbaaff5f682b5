/** What the endpoint works with. */
import type { Accounts, SignedIn } from "../accounts/accounts.ts";
import type { Context, Handlers } from "../commands/context.ts";
import type { Devices } from "../devices/devices.ts";
import type { LoopWatch } from "../devices/loop-watch.ts";
import type { Traces } from "../devices/traces.ts";
import type { Clock } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";
import type { Spool, SpoolFolder } from "../kit/spool.ts";
import type { TrustedProxies } from "./client-address.ts";
import type { InFlight } from "./in-flight.ts";
import type { RequestMetrics } from "./metrics.ts";
import type { Offer } from "./offer.ts";
import type { Pacing } from "./pacing.ts";

/** The parts that the endpoint puts together; wired in compose.ts. */
export interface Services {
  readonly accounts: Accounts;
  readonly devices: Devices;
  readonly outOfOffice: Context["outOfOffice"];
  readonly recovery: Context["recovery"];
  readonly directory: Context["directory"];
  readonly certificates: Context["certificates"];
  readonly loops: LoopWatch;
  readonly traces: Traces;
  readonly handlers: Handlers;
  readonly offer: Offer;
  readonly sync: Context["sync"];
  readonly push: Context["push"];
  readonly proxies: TrustedProxies;
  readonly inFlight: InFlight;
  readonly pacing: Pacing;
  readonly metrics: RequestMetrics;
  readonly clock: Clock;
  readonly log: Log;
  /** Realm of the Basic challenge. */
  readonly realm: string;
  readonly maxBodyBytes: number;
  readonly htmlCare: Context["htmlCare"];
  readonly spool: SpoolFolder;
  /** Aborted when the server begins to end: held requests are being answered, no new one is held. */
  readonly draining: AbortSignal;
  /** The mailbox of an account for one request. */
  openMailbox(
    account: SignedIn["account"],
    request: {
      readonly deviceId: string;
      readonly credential: SignedIn["credential"];
      readonly signal: AbortSignal;
      readonly spool: Spool;
      readonly log: Log;
    },
  ): Promise<Context["mailbox"]>;
}
