/** Answers before they become HTTP. */
import type { Octets } from "../kit/octets.ts";

/** Media type of a WBXML body (MS-ASHTTP 2.2.2.1.2.4). */
export const wbxmlType = "application/vnd.ms-sync.wbxml";

/** Media type of a multipart body (MS-ASCMD 2.2.1.10.1). */
export const multipartType = "application/vnd.ms-sync.multipart";

/** What goes back to the client. */
export interface Outgoing {
  readonly http: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | Octets | undefined;
  /** Status element of the answer, where it has one; for log and metrics. */
  readonly status?: number | undefined;
}

/** An answer of a kind, or the empty one, with HTTP 200. */
export function success(type: string, body: Buffer | Octets, status?: number): Outgoing {
  return { http: 200, headers: { "Content-Type": type }, body, status };
}

/** The empty answer: what each command means by it is in its section of MS-ASCMD. */
export const emptySuccess: Outgoing = { http: 200, headers: {}, body: undefined };

/** An answer that is only an HTTP status. */
export function bare(http: number, headers: Readonly<Record<string, string>> = {}): Outgoing {
  return { http, headers, body: undefined };
}

/** The server or the device's turn comes later (MS-ASHTTP 3.1.5.2.3). */
export function later(retrySeconds: number): Outgoing {
  return bare(503, { "Retry-After": String(retrySeconds) });
}
