/** Reaches an IMAP server without a login: for readiness and `eastgate check`. */
import { ImapFlow } from "imapflow";
import { toBackendError } from "./errors.ts";
import { connectionOptions, type ImapServer } from "./server.ts";

/** The capabilities that the server tells before a login. Throws BackendUnavailable. */
export async function probeServer(
  server: ImapServer,
  signal: AbortSignal,
): Promise<{ readonly capabilities: readonly string[] }> {
  signal.throwIfAborted();
  const client = new ImapFlow(connectionOptions(server));
  client.on("error", () => client.close());
  const giveUp = (): void => client.close();
  signal.addEventListener("abort", giveUp, { once: true });
  try {
    await client.connect();
    return { capabilities: [...client.capabilities.keys()] };
  } catch (error) {
    // Without credentials imapflow ends by a failed authentication: the server was reached all the same.
    const wasReached = error instanceof Error && "authenticationFailed" in error;
    if (wasReached) return { capabilities: [...client.capabilities.keys()] };
    throw toBackendError(error);
  } finally {
    signal.removeEventListener("abort", giveUp);
    client.close();
  }
}
