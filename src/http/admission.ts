/** The first half of a request, before its body is read: what it is, who sends it, in which version. */
import type { IncomingHttpHeaders } from "node:http";
import { hasCommand, isCommandName, type CommandName } from "../../schemas/commands.ts";
import { commonStatus, StatusError } from "../../schemas/status.ts";
import { isVersion, type ProtocolVersion } from "../../schemas/version.ts";
import type { SignedIn } from "../accounts/accounts.ts";
import { canonicalDeviceId } from "../devices/identity.ts";
import { parsePolicyKey } from "../devices/policy.ts";
import { readBasic } from "./basic.ts";
import { Refusal } from "./errors.ts";
import { maxLoggedUser } from "./limits.ts";
import { bare } from "./outgoing.ts";
import { parseQuery } from "./parse-query.ts";
import type { Query } from "./query.ts";
import type { Services } from "./services.ts";
import type { Trace } from "./trace.ts";

/** A request before its body. */
export interface Incoming {
  readonly headers: IncomingHttpHeaders;
  /** What follows the question mark of the URL, as it was sent. */
  readonly rawQuery: string;
  readonly clientAddress: string;
  /** Aborted when the client hangs up. */
  readonly signal: AbortSignal;
}

/** A request of somebody who may send it. */
export interface Admitted extends SignedIn {
  readonly command: CommandName;
  readonly version: ProtocolVersion;
  readonly query: Query;
  readonly deviceId: string;
  readonly policyKey: number | undefined;
}

/** Lets in whoever the Authorization header names. Throws as `Accounts.signIn` does, and `Refusal` 401. */
export async function signIn(
  incoming: Incoming,
  deviceId: string,
  services: Services,
  trace: Trace,
): Promise<SignedIn> {
  const readings = readBasic(incoming.headers.authorization);
  if (readings[0] === undefined) throw new Refusal(bare(401));
  trace.user = readings[0].user.slice(0, maxLoggedUser);
  const { clientAddress, signal } = incoming;
  const signedIn = await services.accounts.signIn({ readings, deviceId, clientAddress, signal });
  trace.user = signedIn.account.login;
  return signedIn;
}

/** Everything that can be said before the body. Throws `Refusal`, `InvalidQuery`, `StatusError` … */
export async function admit(
  incoming: Incoming,
  services: Services,
  trace: Trace,
): Promise<Admitted> {
  // The challenge comes before any word about the request: set-ups probe with half a query.
  if (readBasic(incoming.headers.authorization).length === 0) throw new Refusal(bare(401));
  const query = parseQuery(incoming.rawQuery);
  const deviceId = canonicalDeviceId(query.deviceId);
  trace.device = deviceId;
  const signedIn = await signIn(incoming, deviceId, services, trace);
  const version = negotiate(incoming.headers, query, services);
  trace.version = version;
  const command = commandOf(query.command, version);
  trace.command = command;
  const policyKey = query.policyKey ?? parsePolicyKey(header(incoming, "x-ms-policykey"));
  return { ...signedIn, command, version, query, deviceId, policyKey };
}

/** The value of a header that may be sent once. */
export function header(incoming: Incoming, name: string): string | undefined {
  const value = incoming.headers[name];
  return Array.isArray(value) ? value[0] : value;
}

/**
 * The header counts where both are sent: a real client writes 145 into the byte beside "14.1". A version that
 * is not offered is refused with HTTP 505 and the offer (MS-ASCMD 2.2.2, R7560), no version at all with 400.
 */
function negotiate(
  headers: IncomingHttpHeaders,
  query: Query,
  { offer }: Services,
): ProtocolVersion {
  const sent = headers["ms-asprotocolversion"];
  const told = (Array.isArray(sent) ? sent[0] : sent)?.trim();
  const candidates = [told, query.version].filter((text) => text !== undefined);
  const offered = candidates.find((text) => isVersion(text) && offer.versions.includes(text));
  if (offered !== undefined && isVersion(offered)) return offered;
  if (candidates.length === 0) throw new Refusal(bare(400, offer.headers));
  throw new Refusal(bare(505, offer.headers));
}

/** 501 for what is no command (MS-ASHTTP 2.2.2.1.1), Status 138 for a command that the version has not. */
function commandOf(name: string, version: ProtocolVersion): CommandName {
  if (!isCommandName(name)) throw new Refusal(bare(501));
  if (!hasCommand(version, name)) {
    throw new Refusal(bare(400), new StatusError(commonStatus.VersionNotSupported));
  }
  return name;
}
