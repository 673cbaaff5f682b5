/** The gateway as a process of its own over the rig's servers, so that its memory can be read. */
import { spawn, spawnSync, type ChildProcessByStdio } from "node:child_process";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { fileURLToPath } from "node:url";
import { openTestDatabase } from "../rig/database.ts";
import type { DovecotOptions } from "../rig/mail/dovecot.ts";
import { startMailServers, type MailServers } from "../rig/mail/servers.ts";
import { memoryOf, resetPeak } from "./large/memory.ts";
import { cpuSecondsOf } from "./process-tree.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** One line of the request log. */
export interface RequestLine {
  readonly command?: string;
  readonly user?: string;
  readonly http?: number;
  /** Where the client is, as far as trusted proxies tell. */
  readonly address?: string;
  readonly roundTrips?: number;
  readonly bytesOut?: number;
  readonly durationMs?: number;
}

/** A line of the log that tells of trouble. */
export interface TroubleLine {
  readonly level: "warn" | "error";
  readonly msg: string;
  readonly err?: { readonly message?: string; readonly stack?: string };
}

/** A running gateway. */
export interface GatewayProcess extends AsyncDisposable {
  readonly url: string;
  /** Requests logged since the last call. */
  takeRequests(): RequestLine[];
  /** Warnings and errors logged since the last call. */
  takeTrouble(): TroubleLine[];
  /** Undefined while it runs, then what it ended with. */
  exitCode(): number | NodeJS.Signals | undefined;
  /** Resident memory now, and the most so far, in MB. */
  memory(): Promise<{ readonly nowMb: number; readonly peakMb: number }>;
  /** Begins to count the most anew; resident memory now, in MB. */
  resetPeak(): Promise<number>;
  /** CPU seconds used so far. */
  cpuSeconds(): Promise<number>;
}

/** A running gateway with its servers. */
export interface MeasuredGateway extends GatewayProcess {
  readonly mail: MailServers;
}

/** Loopback servers without TLS. */
interface MailPorts {
  readonly imap: { readonly port: number };
  readonly smtp: { readonly port: number };
}

/** Starts mail servers, a database and the gateway; `settings` are further top-level lines of its configuration. */
export async function startMeasuredGateway(
  settings = "",
  mailOptions: DovecotOptions = {},
): Promise<MeasuredGateway> {
  await using stack = new AsyncDisposableStack();
  const mail = stack.use(await startMailServers(mailOptions));
  const gateway = stack.use(await startGatewayProcess(mail, settings));
  const kept = stack.move();
  return { ...gateway, mail, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Starts a database and the gateway over mail servers that run already. */
export async function startGatewayProcess(mail: MailPorts, settings = ""): Promise<GatewayProcess> {
  await using stack = new AsyncDisposableStack();
  const { url: database } = stack.use(await openTestDatabase());
  const folder = await mkdtemp(join(tmpdir(), "eastgate-bench-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await chmod(folder, 0o755);
  const [port, metrics] = [await freePort(), await freePort()];
  const config = join(folder, "eastgate.toml");
  await writeFile(config, `${settings}\n${configText(mail, { port, metrics, database, folder })}`);
  // As it is published: stripping types costs memory that no operator sees.
  spawnSync(execPath, ["scripts/build.mjs"], { cwd: root, stdio: "inherit" });
  const child = spawn(execPath, ["dist/src/bin.js", "serve", "--config", config], {
    cwd: root,
    stdio: ["ignore", "pipe", "inherit"],
  });
  stack.defer(async () => {
    const ended = new Promise((resolve) => child.once("exit", resolve));
    if (child.exitCode === null && child.kill("SIGTERM")) await ended;
  });
  const log = readLog(child);
  await log.listening;
  const kept = stack.move();
  const pid = child.pid ?? 0;
  return {
    url: `http://127.0.0.1:${port}`,
    takeRequests: () => log.requests.splice(0),
    takeTrouble: () => log.trouble.splice(0),
    exitCode: () => child.signalCode ?? child.exitCode ?? undefined,
    memory: () => memoryOf(pid),
    resetPeak: () => resetPeak(pid),
    cpuSeconds: () => cpuSecondsOf([pid]),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** What a gateway writes. */
interface Log {
  readonly requests: RequestLine[];
  readonly trouble: TroubleLine[];
  /** Rejects when it ends before. */
  readonly listening: Promise<void>;
}

function readLog(child: ChildProcessByStdio<null, Readable, null>): Log {
  const [requests, trouble]: [RequestLine[], TroubleLine[]] = [[], []];
  const listening = Promise.withResolvers<void>();
  child.once("exit", (code) => listening.reject(new Error(`the gateway ended with ${code}`)));
  createInterface({ input: child.stdout }).on("line", (line) => {
    const entry = parsed(line);
    if (entry?.msg === "request") requests.push(entry);
    if (entry?.level === "warn" || entry?.level === "error") trouble.push(entry as TroubleLine);
    if (entry?.msg === "Eastgate listens") listening.resolve();
  });
  return { requests, trouble, listening: listening.promise };
}

type Line = RequestLine & { readonly msg?: string; readonly level?: string };

function parsed(line: string): Line | undefined {
  try {
    return JSON.parse(line) as Line;
  } catch {
    return undefined;
  }
}

function configText(
  mail: MailPorts,
  at: { port: number; metrics: number; database: string; folder: string },
): string {
  const server = (port: number): string =>
    `{ host = "127.0.0.1", port = ${port}, security = "plain" }`;
  return `drain_seconds = 0
data_dir = "${at.folder}/data"
listen = { host = "127.0.0.1", port = ${at.port} }
tls.mode = "off"
metrics.port = ${at.metrics}
database.url = "${at.database}"
[[domains]]
name = "example.test"
imap = ${server(mail.imap.port)}
smtp = ${server(mail.smtp.port)}
`;
}

/** A loopback port that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** The middle value, and the one that so many are below. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((one, other) => one - other);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0;
}
