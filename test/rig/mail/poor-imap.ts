/** An IMAP server in memory with one empty mailbox: no QRESYNC, no identities of folders, few response codes. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";

/** Starts the server on a free loopback port; disposing ends it with all its connections. */
export async function poorImapServer(
  user: string,
  password: string,
): Promise<AsyncDisposable & { readonly port: number }> {
  const worker = new Worker(new URL("poor-imap-worker.ts", import.meta.url), {
    workerData: { user, password },
  });
  const [port] = (await once(worker, "message")) as [number];
  return {
    port,
    [Symbol.asyncDispose]: async () => {
      await worker.terminate();
    },
  };
}
