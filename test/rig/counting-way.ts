/** How much the gateway is sent by its IMAP server. */
import { connect, createServer, type AddressInfo } from "node:net";
import type { Config } from "../../src/config.ts";

/** A port that leads to a server. */
export interface CountingWay extends AsyncDisposable {
  readonly port: number;
  /** Octets of the server's answers so far. */
  readonly octets: () => number;
}

/** A way to the IMAP server that counts the octets of its answers. */
export async function countingWay(target: number): Promise<CountingWay> {
  let octets = 0;
  const server = createServer((client) => {
    const upstream = connect(target, "127.0.0.1");
    upstream.on("data", (piece: Buffer) => void (octets += piece.length));
    client.pipe(upstream).pipe(client);
    for (const socket of [client, upstream]) socket.on("error", () => socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    octets: () => octets,
    [Symbol.asyncDispose]: () => new Promise<void>((resolve) => server.close(() => resolve())),
  };
}

/** Leads a configuration to its IMAP server through this port. */
export function through(port: number): (config: Config) => Config {
  return (config) => ({
    ...config,
    domains: config.domains.map((domain) => ({
      ...domain,
      imap: { ...domain.imap, host: "127.0.0.1", port, security: "plain" },
    })),
  });
}
