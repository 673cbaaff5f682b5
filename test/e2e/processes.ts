/** Gateway processes of their own over one database and the rig's mail servers. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { env, execPath } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { allocation, startFlags } from "../../src/kit/small-heap.ts";
import { openTestDatabase } from "../rig/database.ts";
import { gatewayEnvironment, makeDataFolder } from "../rig/gateway.ts";
import type { MailServers } from "../rig/mail/servers.ts";
import type { Arm, Reached, Stop } from "./stops.ts";

const entry = fileURLToPath(new URL("./gateway-child.ts", import.meta.url));

type LogLine = Readonly<Record<string, unknown>>;

/** A gateway process that listens. Disposing of it ends it, if it still lives. */
export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number;
  /** What it logged so far, at level info. */
  readonly lines: readonly LogLine[];
  /** Requests that it holds now: Pings and waiting Syncs. */
  held(): Promise<number>;
  /** Resolves when a request stands at the next point of this name; it goes no further. */
  stopAt(stop: Stop): Promise<void>;
  /** Lets what stands there go on. */
  goOn(): void;
  /** `kill -9`; resolves when it is gone. */
  kill(): Promise<void>;
}

/** A database, and processes over it. */
export interface GatewayProcesses extends AsyncDisposable {
  /** Starts one whose clock is so many seconds ahead. */
  start(aheadSeconds?: number): Promise<GatewayProcess>;
}

/** What may differ from the rig's usual. */
export interface ProcessesOptions {
  /** Settings by their variables, over those of the rig. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Of a database that the caller keeps. */
  readonly databaseUrl?: string;
}

/** Makes ready to start processes; they end with it. */
export async function openProcesses(
  mail: MailServers,
  { settings = {}, databaseUrl }: ProcessesOptions = {},
): Promise<GatewayProcesses> {
  await using stack = new AsyncDisposableStack();
  const { path: dataDir } = stack.use(await makeDataFolder(mail));
  const url = databaseUrl ?? stack.use(await openTestDatabase()).url;
  const surroundings = {
    ...allocation,
    ...env,
    ...gatewayEnvironment(mail, { dataDir, databaseUrl: url }),
    EASTGATE_TLS_MODE: "off",
    EASTGATE_LOG_LEVEL: "info",
    ...settings,
  };
  const kept = stack.move();
  return {
    start: async (aheadSeconds = 0) => kept.use(await start(aheadSeconds, surroundings)),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

async function start(aheadSeconds: number, surroundings: NodeJS.ProcessEnv) {
  const child = spawn(execPath, [...startFlags, entry, String(aheadSeconds)], {
    env: surroundings,
    stdio: ["ignore", "pipe", "inherit", "ipc"],
  });
  const lines: LogLine[] = [];
  const listening = Promise.withResolvers<LogLine>();
  const ended = once(child, "exit").then(([code]) => {
    listening.reject(new Error(`the gateway ended with ${code}: ${JSON.stringify(lines.at(-1))}`));
  });
  if (child.stdout === null) throw new Error("the process has no output");
  createInterface({ input: child.stdout }).on("line", (text) => {
    const line = JSON.parse(text) as LogLine;
    lines.push(line);
    if (line["msg"] === "Eastgate listens") listening.resolve(line);
  });
  const { url, healthUrl } = await listening.promise;
  const kill = async (): Promise<void> => {
    child.kill("SIGKILL");
    await ended;
  };
  const stopAt = (stop: Stop): Promise<void> => armed(child, stop);
  return {
    url: String(url),
    pid: child.pid ?? 0,
    lines,
    held: () => heldAt(String(healthUrl)),
    stopAt,
    goOn: () => void child.send({ arm: null } satisfies Arm),
    kill,
    [Symbol.asyncDispose]: kill,
  };
}

async function heldAt(healthUrl: string): Promise<number> {
  const text = await (await fetch(`${healthUrl}/metrics`)).text();
  return Number(/^eastgate_held_requests (\d+)$/m.exec(text)?.[1]);
}

async function armed(child: ChildProcess, stop: Stop): Promise<void> {
  const reached = once(child, "message") as Promise<[Reached]>;
  child.send({ arm: stop } satisfies Arm);
  await reached;
}
