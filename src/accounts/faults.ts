/** Why no answer can be had, in words that the endpoint tells apart. */
import { BackendError, BackendUnavailable, LoginRefused, type BackendFault } from "../backend.ts";
import { StoreUnavailable } from "../store/errors.ts";

/** This device tries too often: HTTP 503 + Retry-After (MS-ASHTTP 2.2.2.1.1, R273). */
export class Throttled extends Error {
  override name = "Throttled";
  readonly retrySeconds: number;
  constructor(retrySeconds: number) {
    super(`too many failed logins, next attempt in ${retrySeconds} s`);
    this.retrySeconds = retrySeconds;
  }
}

/** What stands behind an error that came out of a request. */
export type Fault =
  | { readonly kind: "login refused" }
  /** The mail server or the database is out of reach. */
  | { readonly kind: "unavailable"; readonly retrySeconds: number | undefined }
  /** The mail server refused an operation. */
  | { readonly kind: "refused"; readonly fault: BackendFault };

/** The fault behind an error; undefined for what is a bug of ours. */
export function faultOf(error: unknown): Fault | undefined {
  if (error instanceof LoginRefused) return { kind: "login refused" };
  if (error instanceof Throttled) return { kind: "unavailable", retrySeconds: error.retrySeconds };
  if (error instanceof BackendUnavailable || error instanceof StoreUnavailable) {
    return { kind: "unavailable", retrySeconds: undefined };
  }
  if (error instanceof BackendError) return { kind: "refused", fault: error.fault };
  return undefined;
}
