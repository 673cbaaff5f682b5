/** A loopback relay before any server, so that a test can cut it off or let it fall silent. */
import { connect, createServer, type AddressInfo, type Socket } from "node:net";

/** A running relay. */
export interface Relay extends AsyncDisposable {
  readonly port: number;
  /** Breaks all connections and refuses new ones, until it is healed. */
  cut(): void;
  /** Passes nothing on in either direction, as a network that lost its way does, until it is healed. */
  stall(): void;
  heal(): void;
}

/** Starts a relay to a port of this machine or to a socket's path. */
export async function startRelay(target: number | string): Promise<Relay> {
  const sockets = new Set<Socket>();
  let state: "open" | "cut" | "stalled" = "open";
  const reach = (): Socket =>
    typeof target === "number" ? connect(target, "127.0.0.1") : connect(target);
  const server = createServer((client) => {
    if (state === "cut") return void client.resetAndDestroy();
    join(client, reach());
  });
  const join = (client: Socket, far: Socket): void => {
    for (const [from, to] of [
      [client, far],
      [far, client],
    ] as const) {
      sockets.add(from);
      from.on("data", (chunk: Buffer) => to.write(chunk));
      from.on("error", () => undefined);
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
      if (state === "stalled") from.pause();
    }
  };
  const breakAll = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    cut: () => {
      state = "cut";
      breakAll();
    },
    stall: () => {
      state = "stalled";
      for (const socket of sockets) socket.pause();
    },
    heal: () => {
      state = "open";
      for (const socket of sockets) socket.resume();
    },
    [Symbol.asyncDispose]: async () => {
      breakAll();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Starts a relay to the PostgreSQL server of an address, and tells the address that leads through it. */
export async function startDatabaseRelay(url: string): Promise<Relay & { readonly url: string }> {
  const address = new URL(url.replace("@/", "@localhost/"));
  const folder = address.searchParams.get("host");
  const port = address.searchParams.get("port") ?? (address.port || "5432");
  const relay = await startRelay(folder ? `${folder}/.s.PGSQL.${port}` : Number(port));
  address.search = "";
  address.host = `127.0.0.1:${relay.port}`;
  return { ...relay, url: String(address) };
}
