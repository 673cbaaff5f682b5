/** The second half of a request: device, policy gate, command, answer. */
import { commands, type CommandName } from "../../schemas/commands.ts";
import { commonStatus, StatusError } from "../../schemas/status.ts";
import type { ProtocolVersion } from "../../schemas/version.ts";
import {
  MultipartAnswer,
  RawAnswer,
  type Context,
  type Handler,
  type RequestParameters,
} from "../commands/context.ts";
import type { Device } from "../devices/devices.ts";
import type { StoredOctets } from "../kit/octets.ts";
import type { SpoolLease } from "../kit/spool.ts";
import { encode, encodeLarge } from "../wbxml/encode.ts";
import { header, type Admitted, type Incoming } from "./admission.ts";
import { answerStatus } from "./errors.ts";
import { inFlightRetrySeconds } from "./limits.ts";
import { encodeMultipart } from "./multipart.ts";
import { observeRequest } from "./observe.ts";
import * as outgoing from "./outgoing.ts";
import { readRequest } from "./read-body.ts";
import type { Services } from "./services.ts";
import { statusOf } from "./status-of.ts";
import type { Trace } from "./trace.ts";

/** A request with its body. */
export interface Received {
  readonly incoming: Incoming;
  readonly admitted: Admitted;
  /** Uncompressed. */
  readonly body: Buffer | StoredOctets;
  readonly spool: SpoolLease;
  readonly trace: Trace;
}

/** Answers a command. Throws what errors.ts knows how to answer. */
export async function perform(received: Received, services: Services): Promise<outgoing.Outgoing> {
  const { incoming, admitted, spool } = received;
  // The command goes on when its client has hung up, and still reads.
  using _hold = spool.hold();
  const device = await services.devices.findOrCreate(admitted.account, {
    deviceId: admitted.deviceId,
    deviceType: admitted.query.deviceType,
    userAgent: header(incoming, "user-agent") ?? "",
    protocolVersion: admitted.version,
    address: incoming.clientAddress,
  });
  received.trace.partnership = device;
  observeRequest(received, services);
  using place = services.inFlight.enter(device.id);
  if (place === undefined) return outgoing.later(inFlightRetrySeconds);
  // A phone that was just let go would ask again at once, of this same process.
  if (admitted.command === "Ping" && services.draining.aborted) {
    return outgoing.later(inFlightRetrySeconds);
  }
  await services.pacing.turn(device.id, incoming.signal);
  const refused = passGate(received, device, services);
  if (refused !== undefined) return refused;
  const answer = await run(received, device, services);
  return await withOffer(answer, { device, version: admitted.version }, services);
}

/**
 * A device that knows other versions hears of the change (MS-ASHTTP 2.2.2.1.2.7 to 2.2.2.1.2.9). New commands alone
 * are not told so: X-MS-RP makes the client throw away all that it has.
 */
async function withOffer(
  answer: outgoing.Outgoing,
  { device, version }: { readonly device: Device; readonly version: ProtocolVersion },
  { devices, offer }: Services,
): Promise<outgoing.Outgoing> {
  // 2.5 does not know the header (MS-ASHTTP 2.2.2.1.2.9).
  if (version === "2.5") return answer;
  const versions = offer.versions.join(",");
  if (answer.http !== 200 || !(await devices.learnsOffer(device, versions))) return answer;
  return { ...answer, headers: { ...answer.headers, ...offer.headers, "X-MS-RP": versions } };
}

/** The answer for a device that may not pass (MS-ASPROV 3.2.5.1); undefined: it may. */
function passGate(
  { admitted }: Received,
  device: Device,
  { devices, realm, log }: Services,
): outgoing.Outgoing | undefined {
  const { command, version, policyKey: sentKey } = admitted;
  const failed = { command, version, realm, log };
  if (device.access === "blocked") {
    return answerStatus(commonStatus.DeviceIsBlockedForThisUser, failed);
  }
  const refusal = devices.gate(device, { command, version, sentKey });
  return refusal && answerStatus(refusal.status, failed);
}

async function run(
  { incoming, admitted, body, spool, trace }: Received,
  device: Device,
  services: Services,
): Promise<outgoing.Outgoing> {
  const { command } = admitted;
  const handler = services.handlers[command];
  if (handler === undefined) throw notHandled();
  const { headers } = incoming;
  const request = readRequest(body, headers["content-type"], admitted);
  const log = services.log.child({ user: trace.user, device: trace.device, command });
  const { credential } = admitted;
  const opening = { deviceId: device.id, credential, signal: incoming.signal, spool, log };
  await using mailbox = await services.openMailbox(admitted.account, opening);
  try {
    const context = { ...contextOf(incoming, admitted, services), device, mailbox, spool, log };
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- request was decoded for this command
    const answer = await (handler as Handler<CommandName>)(request, context);
    return answerOf(answer, admitted);
  } finally {
    trace.roundTrips = mailbox.roundTrips();
  }
}

/** Known to the protocol, not to this server (MS-ASCMD 2.2.2, R7558). */
function notHandled(): StatusError {
  return new StatusError(commonStatus.CommandNotSupported);
}

function contextOf(
  incoming: Incoming,
  admitted: Admitted,
  services: Services,
): Omit<Context, "device" | "mailbox" | "spool" | "log"> {
  const { account, version } = admitted;
  const parameters = parametersOf(incoming, admitted);
  const { signal } = incoming;
  const { devices, outOfOffice, recovery, directory, certificates } = services;
  const { sync, push, clock, htmlCare } = services;
  const kept = { devices, outOfOffice, recovery, directory, certificates, sync };
  return { account, version, parameters, htmlCare, ...kept, push, clock, signal };
}

function parametersOf(incoming: Incoming, { query }: Admitted): RequestParameters {
  const { clientAddress } = incoming;
  const acceptMultiPart =
    query.parameters.acceptMultiPart ||
    header(incoming, "ms-asacceptmultipart")?.trim().toUpperCase() === "T";
  return { ...query.parameters, acceptMultiPart, clientAddress };
}

function answerOf(answer: unknown, { command, version }: Admitted): outgoing.Outgoing {
  if (answer === undefined) return outgoing.emptySuccess;
  if (answer instanceof RawAnswer) return outgoing.success(answer.contentType, answer.bytes);
  const { response } = commands[command];
  if (answer instanceof MultipartAnswer) {
    const head = encode<unknown>(answer.response, response, version);
    const body = encodeMultipart([head, ...answer.parts]);
    return outgoing.success(outgoing.multipartType, body, statusOf(answer.response));
  }
  const body = encodeLarge<unknown>(answer, response, version);
  return outgoing.success(outgoing.wbxmlType, body, statusOf(answer));
}
