/** The one place where errors become answers. */
import { randomUUID } from "node:crypto";
import { commands, type CommandName } from "../../schemas/commands.ts";
import { errorResponse } from "../../schemas/error-response.ts";
import { commandStatus, commonStatus, httpForStatus, StatusError } from "../../schemas/status.ts";
import { atLeast, type ProtocolVersion } from "../../schemas/version.ts";
import { faultOf, type Fault } from "../accounts/faults.ts";
import { InvalidDeviceId } from "../devices/identity.ts";
import type { Log } from "../kit/log.ts";
import { SpoolFull } from "../kit/spool.ts";
import { encode } from "../wbxml/encode.ts";
import { INVALID_XML, OutOfOrder, WbxmlError } from "../wbxml/error.ts";
import { challenge } from "./basic.ts";
import { unavailableRetrySeconds } from "./limits.ts";
import { bare, later, success, wbxmlType, type Outgoing } from "./outgoing.ts";
import { InvalidQuery } from "./query.ts";

/** A request that is refused with an HTTP status before a command is at work. */
export class Refusal extends Error {
  override name = "Refusal";
  readonly answer: Outgoing;
  constructor(answer: Outgoing, cause?: Error) {
    super(`HTTP ${answer.http}`, { cause });
    this.answer = answer;
  }
}

/** What an answer to an error depends on; a request that was refused early has no command. */
export interface Failed {
  readonly command: CommandName | undefined;
  readonly version: ProtocolVersion | undefined;
  readonly realm: string;
  readonly log: Log;
}

/** The answer to whatever a request threw. What is not foreseen is logged with an id, and only the id goes out. */
export function answerError(error: unknown, failed: Failed): Outgoing {
  if (error instanceof Refusal) return withChallenge(error.answer, failed.realm);
  if (error instanceof InvalidQuery) return told(400, error, failed);
  if (error instanceof InvalidDeviceId) return told(400, error, failed);
  if (error instanceof StatusError || error instanceof WbxmlError) {
    const status = ownStatus(error, failed.command) ?? error.status;
    failed.log.debug({ err: error, status }, "Answered with a status");
    return answerStatus(status, failed);
  }
  if (error instanceof SpoolFull) {
    failed.log.warn({ err: error }, "No room for a large request");
    return later(unavailableRetrySeconds);
  }
  const fault = faultOf(error);
  return fault === undefined ? unforeseen(error, failed) : answerFault(fault, error, failed);
}

/** The Status that a command has of its own for what does not follow the protocol. */
function ownStatus(
  error: StatusError | WbxmlError,
  command: CommandName | undefined,
): number | undefined {
  if (!(error instanceof WbxmlError) || error.status !== INVALID_XML) return undefined;
  // MS-ASCMD 2.2.1.18, R483; 2.2.3.177.15, R4398.
  if (command === "Settings") return commandStatus.Settings.ProtocolError;
  return preferenceStatus(error, command);
}

/**
 * What is wrong with a BodyPreference or BodyPartPreference has a Status of each command of its own
 * (MS-ASAIRS 3.2.5.1, R345 to R351).
 */
function preferenceStatus(error: WbxmlError, command: CommandName | undefined): number | undefined {
  const found = /\/Body(?:Part)?Preference(?:\/(\w+))?$/.exec(error.path);
  if (found === null) return undefined;
  if (command === "Sync") {
    const { ConversionError, ProtocolError } = commandStatus.Sync;
    const isOfTable = found[1] === "AllOrNone" || error instanceof OutOfOrder;
    return isOfTable ? ProtocolError : ConversionError;
  }
  if (command === "ItemOperations") return commandStatus.ItemOperations.ProtocolError;
  return command === "Search" ? commandStatus.Search.InvalidRequest : undefined;
}

/** A command's Status and nothing else; up to 12.1 the common ones are HTTP statuses (MS-ASCMD 2.2.2, R7461). */
export function answerStatus(status: number, { command, version }: Failed): Outgoing {
  if (command === undefined || version === undefined) return bare(httpForStatus(status));
  const { wbxmlSince, response } = commands[command];
  const hasStatus = wbxmlSince !== undefined && atLeast(version, wbxmlSince);
  const isCommon = status > 100;
  if (!hasStatus || (isCommon && !atLeast(version, "14.0"))) {
    return { ...bare(httpForStatus(status)), status };
  }
  const body = encode<unknown>(errorResponse(command, status), response, version);
  return success(wbxmlType, body, status);
}

function answerFault(fault: Fault, error: unknown, failed: Failed): Outgoing {
  switch (fault.kind) {
    case "login refused":
      return withChallenge(bare(401), failed.realm);
    case "unavailable":
      failed.log.warn({ err: error }, "Out of reach");
      return later(fault.retrySeconds ?? unavailableRetrySeconds);
    case "refused":
      failed.log.warn({ err: error, fault: fault.fault }, "The mail server refused");
      return answerStatus(refusedStatus(fault.fault), failed);
  }
}

function refusedStatus(fault: (Fault & { kind: "refused" })["fault"]): number {
  if (fault === "over quota") return commonStatus.MailboxQuotaExceeded;
  return fault === "failed" ? commonStatus.ServerErrorRetryLater : commonStatus.ServerError;
}

/** A malformed request: whoever reads a trace may learn what is wrong with it. */
function told(http: number, error: Error, { log }: Failed): Outgoing {
  log.debug({ err: error }, "Malformed request");
  return { ...bare(http, { "Content-Type": "text/plain" }), body: Buffer.from(error.message) };
}

function withChallenge(answer: Outgoing, realm: string): Outgoing {
  if (answer.http !== 401) return answer;
  return { ...answer, headers: { ...answer.headers, "WWW-Authenticate": challenge(realm) } };
}

function unforeseen(error: unknown, { log }: Failed): Outgoing {
  const errorId = randomUUID();
  log.error({ err: error, errorId }, "A request failed");
  const body = Buffer.from(`Error ${errorId}\n`);
  return { ...bare(500, { "Content-Type": "text/plain" }), body };
}
