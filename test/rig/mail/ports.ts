/** Ports for servers of the rig. */
import { randomInt } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:net";

/** Below the ports that Linux gives to connections, and to listeners that name none, by itself (32768 on). */
const [lowest, beyond] = [20_000, 32_000];

/** How often a port may be taken before something else is wrong. */
const attemptsMost = 1_000;

/** An address of this machine at which no server of the rig listens. */
const claimAddress = "127.0.0.2";

/**
 * Ports at which nobody listens and, until this process ends, no other rig will: two that start at the same moment
 * would otherwise get the same one, as a server takes it only later.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  for (let attempt = 0; ports.length < count; attempt++) {
    const port = randomInt(lowest, beyond);
    if (await claim(port)) ports.push(port);
    else if (attempt === attemptsMost) throw new Error("no port of this machine is free");
  }
  return ports;
}

/** Holds a port at an address of its own; false: somebody has it. */
async function claim(port: number): Promise<boolean> {
  const held = await listener(port, claimAddress);
  if (held === undefined) return false;
  const tried = await listener(port, "127.0.0.1");
  tried?.close();
  if (tried === undefined) held.close();
  else await once(tried, "close");
  return tried !== undefined;
}

/** A listener that keeps no process alive; undefined where the port is taken. */
async function listener(port: number, host: string): Promise<Server | undefined> {
  const server = createServer().listen(port, host).unref();
  try {
    await once(server, "listening");
    return server;
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "EADDRINUSE") return undefined;
    throw error;
  }
}
