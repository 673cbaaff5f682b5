/** The gateway of the demo: the product's own command on a configuration file that names the demo's servers. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdir, open, writeFile } from "node:fs/promises";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { env, execPath } from "node:process";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Mailbox, Submission } from "./post-office.ts";

/** What the demo's gateway is told. */
export interface GatewayOptions {
  readonly folder: string;
  readonly host: string;
  readonly port: number;
  readonly metricsPort: number;
  /** Ends the wait for the start. */
  readonly signal: AbortSignal;
}

/** The running gateway; disposing of it ends it as an operator would. */
export interface Gateway extends AsyncDisposable {
  readonly configFile: string;
  readonly logFile: string;
  /** Resolves when it ended by itself. */
  readonly ended: Promise<void>;
}

const loopback = "127.0.0.1";
const program = fileURLToPath(new URL("../../src/bin.ts", import.meta.url));

/** The first start makes a database and a key, also on a slow machine. */
const longestStartMs = 120_000;

/** Writes the configuration, starts the gateway and waits until it takes connections. */
export async function startGateway(
  options: GatewayOptions,
  mailboxes: readonly Mailbox[],
  submission: Submission,
): Promise<Gateway> {
  await mkdir(options.folder, { recursive: true });
  const configFile = join(options.folder, "eastgate.toml");
  const logFile = join(options.folder, "eastgate.log");
  await writeFile(configFile, configOf(options, mailboxes, submission));
  const log = await open(logFile, "w");
  const child = spawn(execPath, [program, "serve", "--config", configFile], {
    env: ownEnvironment(),
    // A group of its own: Ctrl-C comes through us, once.
    detached: true,
    stdio: ["ignore", log.fd, "inherit", "ipc"],
  });
  await log.close();
  const ended = once(child, "exit").then(() => undefined);
  const gateway = { configFile, logFile, ended, [Symbol.asyncDispose]: () => stop(child, ended) };
  await waitUntilOpen(options, child).catch(async (error: unknown) => {
    await gateway[Symbol.asyncDispose]();
    if (options.signal.aborted) throw new Error("Stopped while starting", { cause: error });
    throw new Error(`The gateway does not start; ${logFile} tells why`, { cause: error });
  });
  return gateway;
}

/** Settings that are meant for a gateway on the operator's servers have no place here. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const kept = Object.entries(env).filter(
    ([name]) => !name.startsWith("EASTGATE_") && name !== "DATABASE_URL",
  );
  return Object.fromEntries(kept);
}

function configOf(
  { folder, host, port, metricsPort }: GatewayOptions,
  mailboxes: readonly Mailbox[],
  { smtpPort }: Submission,
): string {
  const server = (at: number) => `{ host = "${loopback}", port = ${at}, security = "plain" }`;
  const domains = mailboxes.map(({ user, imapPort }) => [
    "",
    "[[domains]]",
    `name = "${user.domain}"`,
    `imap = ${server(imapPort)}`,
    `smtp = ${server(smtpPort)}`,
  ]);
  return [
    "# Written anew by each start of the demo.",
    `data_dir = ${JSON.stringify(folder)}`,
    "drain_seconds = 1",
    `listen = { host = "${host}", port = ${port} }`,
    'tls = { mode = "self-signed" }',
    `metrics = { host = "${loopback}", port = ${metricsPort} }`,
    ...domains.flat(),
    "",
  ].join("\n");
}

async function waitUntilOpen({ port, signal }: GatewayOptions, child: ChildProcess): Promise<void> {
  const deadline = performance.now() + longestStartMs;
  while (!(await answers(port))) {
    if (child.exitCode !== null || child.signalCode !== null) throw new Error("It ended");
    if (performance.now() > deadline) throw new Error("It takes no connections");
    await pause(100, undefined, { signal });
  }
}

async function answers(port: number): Promise<boolean> {
  const socket = connect(port, loopback);
  try {
    await once(socket, "connect");
    return true;
  } catch {
    return false;
  } finally {
    socket.destroy();
  }
}

async function stop(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) child.kill("SIGTERM");
  await ended;
}

/** How many ports above the wanted one are tried. */
const portsTried = 50;

/** The wanted port, or the next one that is free. */
export async function freePort(wanted: number, host: string): Promise<number> {
  const last = Math.min(wanted + portsTried - 1, 65_535);
  for (let port = wanted; port <= last; port += 1) {
    if (await isFree(port, host)) return port;
  }
  throw new Error(
    `No port from ${wanted} to ${last} can be opened on ${host}: give --port or --host`,
  );
}

async function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, host), "listening");
    return true;
  } catch {
    return false;
  } finally {
    server.close();
  }
}
