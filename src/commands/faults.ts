/** Which errors end a whole request; all others are the fault of one item or one collection. */
import { BackendUnavailable, LoginRefused } from "../backend.ts";
import { SpoolFull } from "../kit/spool.ts";
import { StoreUnavailable } from "../sync/types.ts";

/** Whether nothing else can be answered either: a server out of reach, a refused login, a full disk, a client that is gone. */
export function endsRequest(error: unknown, signal: AbortSignal): boolean {
  const kinds = [BackendUnavailable, LoginRefused, StoreUnavailable, SpoolFull];
  return signal.aborted || kinds.some((kind) => error instanceof kind);
}
