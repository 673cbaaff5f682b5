/** What imapflow and servers say, in the words of backend.ts. */
import { getStatusCode } from "imapflow/lib/tools.js";
import {
  BackendError,
  BackendUnavailable,
  LoginRefused,
  type BackendFault,
} from "../../backend.ts";

/** The fields of imapflow's errors that tell what happened. */
interface ImapFailure {
  readonly message?: string;
  readonly code?: string;
  readonly authenticationFailed?: boolean;
  readonly responseStatus?: string;
  readonly responseText?: string;
  /** Only imapflow's own commands fill it; of others the answer is kept. */
  readonly serverResponseCode?: string;
  readonly response?: unknown;
  readonly mailboxMissing?: boolean;
}

/** Response codes (RFC 5530, RFC 9208) and what they mean to a device. */
const faults: Readonly<Record<string, BackendFault>> = {
  NONEXISTENT: "no such folder",
  ALREADYEXISTS: "exists",
  TRYCREATE: "no such folder",
  OVERQUOTA: "over quota",
  LIMIT: "over quota",
  TOOBIG: "too large",
  APPENDLIMIT: "too large",
  NOPERM: "not allowed",
  CANNOT: "not allowed",
};

/** The texts of servers that give no code, as Dovecot does not for STATUS of what is not there. */
const faultTexts: readonly (readonly [RegExp, BackendFault])[] = [
  [/already exists/i, "exists"],
  [/quota|mailbox is full/i, "over quota"],
  [
    /doesn't exist|does not exist|not found|no such|(unknown|invalid) mailbox|nonexist/i,
    "no such folder",
  ],
  [/too (large|big)|exceeds/i, "too large"],
  [/permission|not permitted|denied|read-only/i, "not allowed"],
];

/** Response codes by which a server says that it cannot work now. */
const unavailable = new Set(["UNAVAILABLE", "INUSE", "SERVERBUG", "CORRUPTION", "CONTACTADMIN"]);

/** The backend's error for a failed connection attempt or command. */
export function toBackendError(error: unknown): Error {
  if (isOurs(error)) return error;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- all its fields are optional
  const failure = error as ImapFailure;
  const text = failure.responseText ?? failure.message ?? String(error);
  if (failure.authenticationFailed === true) return loginError(failure, text);
  const code = codeOf(failure);
  const answered = failure.responseStatus === "NO" || failure.responseStatus === "BAD";
  if (!answered || unavailable.has(code)) return new BackendUnavailable(text, { cause: error });
  return new BackendError(faultOf(failure, text), text);
}

/** Whether a server says that it failed at what was asked, not that it cannot work at all for now. */
export function isServerFault(error: unknown): boolean {
  if (error instanceof BackendError) return error.fault === "failed";
  if (!(error instanceof BackendUnavailable)) return false;
  const code = codeOf(error.cause ?? {});
  return code === "SERVERBUG" || code === "CORRUPTION";
}

function faultOf(failure: ImapFailure, text: string): BackendFault {
  if (failure.mailboxMissing === true) return "no such folder";
  const byCode = faults[codeOf(failure)];
  return byCode ?? faultTexts.find(([form]) => form.test(text))?.[1] ?? "failed";
}

/** The response code in the brackets of an answer, in capitals; "" where there is none. */
function codeOf({ serverResponseCode, response }: ImapFailure): string {
  if (serverResponseCode !== undefined) return serverResponseCode;
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it takes anything, and looks
  return getStatusCode(response as Parameters<typeof getStatusCode>[0]) || "";
}

function isOurs(error: unknown): error is Error {
  return (
    error instanceof BackendError ||
    error instanceof BackendUnavailable ||
    error instanceof LoginRefused ||
    (error instanceof Error && error.name === "AbortError")
  );
}

/** The server lets this account have no further connection; those that it has serve on. */
export class TooManyConnections extends BackendUnavailable {
  override name = "TooManyConnections";
}

/** The connection broke under what was done on it: nobody knows whether the server did it. */
export class ConnectionBroke extends BackendUnavailable {
  override name = "ConnectionBroke";
}

/** What servers say without a code, as Gmail does, when an account has all the connections that it may have. */
const tooManyConnections = /too many .*connections|(maximum|limit).* connections/i;

/** A server whose own authentication is down says so by UNAVAILABLE: that is no wrong password. */
function loginError(failure: ImapFailure, text: string): Error {
  const isFull = codeOf(failure) === "LIMIT" || tooManyConnections.test(text);
  if (isFull) return new TooManyConnections(text);
  if (unavailable.has(codeOf(failure))) return new BackendUnavailable(text);
  return new LoginRefused(text);
}
