/** The octets of a literal on their way to the server. */
import type { Writable } from "node:stream";
import { BackendUnavailable } from "../../backend.ts";
import { scan, type Octets } from "../../kit/octets.ts";

/** Writes exactly as many octets as were announced and the command's line end, waiting while the server is slower. */
export async function writeOctets(socket: Writable, octets: Octets): Promise<void> {
  let left = octets.sizeBytes;
  for await (const piece of scan(octets)) {
    left -= piece.length;
    if (left < 0) break;
    await write(socket, piece);
  }
  // More or fewer would be read as commands, or waited for for ever.
  if (left !== 0) throw new Error(`${octets.sizeBytes} octets were announced, not ${left} fewer`);
  await write(socket, Buffer.from("\r\n"));
}

/** Waits until the octets are out: then there are never more than these in memory. */
async function write(socket: Writable, octets: Buffer): Promise<void> {
  if (socket.destroyed) throw gone();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const onClose = (): void => reject(gone());
  socket.once("close", onClose);
  socket.write(octets, (error) => (error ? reject(error) : resolve()));
  await promise.finally(() => socket.off("close", onClose));
}

function gone(): BackendUnavailable {
  return new BackendUnavailable("the connection to the IMAP server is gone");
}
