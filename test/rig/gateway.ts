/** The whole gateway in this process, on free ports, over a database and mail servers of the rig. */
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { compose, type Addresses, type Gateway, type Overrides } from "../../src/compose.ts";
import { loadConfig, type Config } from "../../src/config.ts";
import type { Clock } from "../../src/kit/clock.ts";
import { createLog } from "../../src/kit/pino-log.ts";
import { openTestDatabase } from "./database.ts";
import { password, type MailServers } from "./mail/servers.ts";

/** A line of the gateway's log. */
type LogLine = Readonly<Record<string, unknown>>;

/** A gateway that listens. Disposing of it ends it at once, takes its database away and reads its log for credentials. */
export interface TestGateway extends AsyncDisposable {
  /** The one that runs now. */
  readonly gateway: Gateway;
  /** "https://127.0.0.1:…" */
  readonly url: string;
  readonly healthUrl: string;
  /** Of its database, for further processes. */
  readonly databaseUrl: string;
  /** What it logged so far, at level debug. */
  readonly lines: readonly LogLine[];
  /** Ends it and starts another one over the same database at the same address, as a new process would. */
  restart(): Promise<void>;
}

/** What may differ from gateway to gateway. */
export interface TestGatewayOptions {
  readonly clock?: Clock;
  /** Changes the configuration before the gateway is wired. */
  readonly configure?: (config: Config) => Config;
}

/** The environment of a configuration for these mail servers: self-signed, ports 0, domain example.test. */
export function gatewayEnvironment(
  mail: MailServers,
  { dataDir, databaseUrl }: { readonly dataDir: string; readonly databaseUrl: string },
): Record<string, string> {
  return {
    EASTGATE_DATA_DIR: dataDir,
    EASTGATE_LISTEN_HOST: "127.0.0.1",
    EASTGATE_LISTEN_PORT: "0",
    EASTGATE_METRICS_PORT: "0",
    EASTGATE_TLS_MODE: "self-signed",
    EASTGATE_DATABASE_URL: databaseUrl,
    EASTGATE_DOMAINS_0_NAME: "example.test",
    EASTGATE_DOMAINS_0_IMAP_HOST: "localhost",
    EASTGATE_DOMAINS_0_IMAP_PORT: String(mail.imap.tlsPort),
    EASTGATE_DOMAINS_0_IMAP_SECURITY: "tls",
    EASTGATE_DOMAINS_0_IMAP_CA_FILE: join(dataDir, "ca.pem"),
    EASTGATE_DOMAINS_0_SMTP_HOST: "localhost",
    EASTGATE_DOMAINS_0_SMTP_PORT: String(mail.smtp.port),
    EASTGATE_DOMAINS_0_SMTP_SECURITY: "starttls",
    EASTGATE_DOMAINS_0_SMTP_CA_FILE: join(dataDir, "ca.pem"),
  };
}

/** A folder for `EASTGATE_DATA_DIR` with the certificate of the mail servers in it. */
export async function makeDataFolder(
  mail: MailServers,
): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), "eastgate-test-data-"));
  await writeFile(join(path, "ca.pem"), mail.certificate);
  return {
    path,
    [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }),
  };
}

/** Starts a gateway over these mail servers and a database of its own. */
export async function startGateway(
  mail: MailServers,
  { clock, configure = (config) => config }: TestGatewayOptions = {},
): Promise<TestGateway> {
  await using stack = new AsyncDisposableStack();
  const data = stack.use(await makeDataFolder(mail));
  const { url: databaseUrl } = stack.use(await openTestDatabase());
  const env = gatewayEnvironment(mail, { dataDir: data.path, databaseUrl });
  const lines: LogLine[] = [];
  const log = createLog("debug", { write: (line) => void lines.push(JSON.parse(line)) });
  const overrides = { log, ...(clock === undefined ? {} : { clock }) };
  const config = configure(loadConfig({ env }));
  let running = await startListening(config, overrides);
  stack.defer(() => running.gateway[Symbol.asyncDispose]());
  const kept = stack.move();
  return {
    get gateway() {
      return running.gateway;
    },
    url: running.addresses.url,
    healthUrl: running.addresses.healthUrl,
    databaseUrl,
    lines,
    restart: async () => {
      const { addresses } = running;
      await running.gateway[Symbol.asyncDispose]();
      running = await startListening(samePorts(config, addresses), overrides);
    },
    [Symbol.asyncDispose]: async () => {
      await kept.disposeAsync();
      assertWithoutCredentials(lines);
    },
  };
}

/** Whatever a test did: no credential is in the log. */
function assertWithoutCredentials(lines: readonly LogLine[]): void {
  const spellings = [password, ...inBase64(password)];
  for (const line of lines) {
    const text = JSON.stringify(line);
    assert.ok(!spellings.some((each) => text.includes(each)), `A password is in ${text}`);
  }
}

/** What is left of a text in any base64 that it is part of, wherever it begins there. */
function inBase64(secret: string): readonly string[] {
  return [0, 1, 2].map((before) => {
    const bytes = Buffer.from(" ".repeat(before) + secret);
    const [from, until] = [Math.ceil((before * 8) / 6), Math.floor((bytes.length * 8) / 6)];
    return bytes.toString("base64").slice(from, until);
  });
}

interface Running {
  readonly gateway: Gateway;
  readonly addresses: Addresses;
}

async function startListening(config: Config, overrides: Overrides): Promise<Running> {
  await using stack = new AsyncDisposableStack();
  const gateway = stack.use(await compose(config, overrides));
  const addresses = await gateway.listen();
  stack.move();
  return { gateway, addresses };
}

function samePorts(config: Config, { url, healthUrl }: Addresses): Config {
  const portOf = (address: string): number => Number(new URL(address).port);
  return {
    ...config,
    listen: { ...config.listen, port: portOf(url) },
    metrics: { ...config.metrics, port: portOf(healthUrl) },
  };
}
