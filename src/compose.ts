/** Wires the gateway from a configuration. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { FastifyInstance } from "fastify";
import { Accounts } from "./accounts/accounts.ts";
import { AliasMap } from "./accounts/alias-map.ts";
import { Directory } from "./accounts/directory.ts";
import type { CertificateChecker, CheckerOptions } from "./certificates/checker.ts";
import { createImapBackend } from "./backends/imap/backend.ts";
import { createSmtpTransport } from "./backends/smtp/transport.ts";
import { checkCertificate } from "./cli/check-certificate.ts";
import { handlers } from "./commands/index.ts";
import type { Config, DomainConfig } from "./config.ts";
import { Devices } from "./devices/devices.ts";
import { LoopWatch } from "./devices/loop-watch.ts";
import { OutOfOffice } from "./devices/out-of-office.ts";
import { Recovery } from "./devices/recovery.ts";
import { Traces } from "./devices/traces.ts";
import { createApp, type TlsFiles } from "./http/app.ts";
import { TrustedProxies } from "./http/client-address.ts";
import { createHealth, type Probes } from "./http/health.ts";
import { InFlight } from "./http/in-flight.ts";
import { Pacing } from "./http/pacing.ts";
import { RequestMetrics } from "./http/metrics.ts";
import { createOffer } from "./http/offer.ts";
import { stop } from "./http/stop.ts";
import { systemClock, type Clock } from "./kit/clock.ts";
import type { Log } from "./kit/log.ts";
import { createLog } from "./kit/pino-log.ts";
import { selfSigned } from "./kit/self-signed.ts";
import { SpoolFolder } from "./kit/spool.ts";
import {
  createMailboxes,
  type DomainBackend,
  type Mailboxes,
  type MailboxesSource,
} from "./mailbox/mailboxes.ts";
import { createPush, type Push } from "./push/push.ts";
import { openDatabase, type PostgresDatabase } from "./store/database.ts";
import { startEmbedded } from "./store/embedded.ts";
import { migrate } from "./store/migrate.ts";
import { openSyncStates } from "./sync/states.ts";

/** What a test or the demo may put in the place of the real things. */
export interface Overrides {
  readonly clock?: Clock;
  readonly log?: Log;
  /** The servers of a mail domain; disposed of with the gateway. */
  readonly backendOf?: (domain: DomainConfig, surroundings: Surroundings) => DomainBackend;
  /** Awaited at each named point of an effect on a server. */
  readonly checkpoint?: NonNullable<MailboxesSource["checkpoint"]>;
  /** True: one of several workers; whoever started it answers for health and metrics. */
  readonly isWorker?: boolean;
}

/** What everything gets. */
export interface Surroundings {
  readonly clock: Clock;
  readonly log: Log;
}

/** Where the gateway answers. */
export interface Addresses {
  /** "https://0.0.0.0:8443" */
  readonly url: string;
  /** /healthz, /readyz, /metrics */
  readonly healthUrl: string;
}

/** A gateway that is wired. Disposing of it ends it at once. */
export interface Gateway extends AsyncDisposable {
  readonly push: Push;
  /** Opens the ports. */
  listen(): Promise<Addresses>;
  /** Not ready at once, held requests answered over `drain_seconds`, running ones finished; then everything ends. */
  stop(): Promise<void>;
}

/** A database, and the server that it started, if any. */
export interface Store extends AsyncDisposable {
  readonly database: PostgresDatabase;
}

/** Folder of the migrations that this program brings. */
export const migrations = fileURLToPath(new URL("../migrations", import.meta.url));

/** Opens the operator's database, or starts the embedded one, as it is. */
export async function connectStore(
  config: Config,
  log: Log,
  connections = config.database.connections,
): Promise<Store> {
  await using stack = new AsyncDisposableStack();
  const address = config.database.url ?? stack.use(await startStore(config, log)).url;
  const database = stack.use(await openDatabase(address, log, connections));
  const kept = stack.move();
  return { database, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

/** Opens the operator's database, or starts the embedded one, and brings it up to date. */
export async function openStore(config: Config, log: Log): Promise<Store> {
  await using stack = new AsyncDisposableStack();
  const { database } = stack.use(await connectStore(config, log));
  const applied = await migrate(database, migrations);
  if (applied.length > 0) log.info({ applied }, "The database was brought up to date");
  const kept = stack.move();
  return { database, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function startStore(config: Config, log: Log) {
  const settings = { max_connections: String(embeddedConnections(config)) };
  return await startEmbedded({ directory: join(config.dataDir, "database"), settings }, log);
}

/** Connections for the command line, beside what the gateway's processes may hold. */
const spareConnections = 20;

/** Each process has its pool, a connection that listens, and one by which it notices the server's end. */
function embeddedConnections({ workers, database }: Config): number {
  const processes = workers === 1 ? 1 : workers + 1;
  return spareConnections + processes * (database.connections + 2);
}

/** The IMAP and SMTP servers of a mail domain. */
export async function openBackend(
  domain: DomainConfig,
  surroundings: Surroundings,
): Promise<DomainBackend> {
  const [imapCa, smtpCa] = await Promise.all([domain.imap.caFile, domain.smtp.caFile].map(readPem));
  return {
    mail: createImapBackend({ ...domain.imap, ...imapCa }, surroundings),
    transport: createSmtpTransport({ ...domain.smtp, ...smtpCa }, surroundings),
  };
}

async function readPem(file: string | undefined): Promise<{ readonly ca?: string }> {
  return file === undefined ? {} : { ca: await readFile(file, "utf8") };
}

/** Everything between the ports and the servers behind. */
interface Parts extends Surroundings {
  readonly config: Config;
  readonly database: PostgresDatabase;
  readonly backends: ReadonlyMap<string, DomainBackend>;
  readonly mailboxes: Mailboxes;
  readonly push: Push;
  readonly spool: SpoolFolder;
  readonly loops: LoopWatch;
  readonly traces: Traces;
  readonly metrics: RequestMetrics;
  readonly draining: AbortController;
  readonly isWorker: boolean;
}

/** Wires a gateway; nothing listens yet. Throws what cannot be reached or read, with nothing left behind. */
export async function compose(config: Config, overrides: Overrides = {}): Promise<Gateway> {
  const { clock = systemClock, log = createLog(config.log.level) } = overrides;
  await using stack = new AsyncDisposableStack();
  const { database } = stack.use(await openStore(config, log));
  const backends = await openBackends(config, { clock, log }, overrides.backendOf);
  for (const { mail, transport } of backends.values()) {
    stack.use(mail);
    stack.use(transport);
  }
  const backendOf = (name: string): DomainBackend => known(backends, name);
  const { checkpoint = () => {}, isWorker = false } = overrides;
  const mailboxes = stack.use(createMailboxes({ database, clock, log, backendOf, checkpoint }));
  const push = createPush(clock, {
    minSeconds: config.push.minHeartbeatSeconds,
    maxSeconds: config.push.maxHeartbeatSeconds,
  });
  const loops = stack.use(new LoopWatch({ sql: database, clock, log }));
  const traces = stack.use(await Traces.open({ database, clock, log }));
  const hear = (kind: string, id: string): void => {
    push.hear(kind, id);
    traces.hear(kind);
  };
  stack.use(await database.listen(hear));
  const metrics = createMetrics(push, backends);
  const draining = new AbortController();
  const spool = new SpoolFolder(join(config.dataDir, "spool"));
  await spool.clear();
  const served = { config, clock, log, database, backends, mailboxes, push };
  const base = { ...served, spool, loops, traces, metrics, draining, isWorker };
  if (isWorker) metrics.tellStarter();
  const [app, health] = await createServers(base);
  stack.defer(() => closeNow(health));
  stack.defer(() => closeNow(app));
  return gateway(base, { app, health, stack: stack.move() });
}

/** The servers of all mail domains by the domain's name. */
export async function openBackends(
  config: Config,
  surroundings: Surroundings,
  backendOf?: Overrides["backendOf"],
): Promise<ReadonlyMap<string, DomainBackend>> {
  const opened = config.domains.map(async (domain) => {
    const backend = backendOf?.(domain, surroundings) ?? (await openBackend(domain, surroundings));
    return [domain.name, backend] as const;
  });
  return new Map(await Promise.all(opened));
}

function known(backends: ReadonlyMap<string, DomainBackend>, name: string): DomainBackend {
  const backend = backends.get(name);
  if (backend === undefined) throw new Error(`"${name}" is no mail domain of the configuration`);
  return backend;
}

function createMetrics(push: Push, backends: ReadonlyMap<string, DomainBackend>): RequestMetrics {
  const sessions = (): number =>
    [...backends.values()].reduce((sum, { mail }) => sum + mail.sessions(), 0);
  return new RequestMetrics({
    heldRequests: () => push.held(),
    averageHeartbeatSeconds: () => push.averageHeartbeatSeconds(),
    imapSessions: sessions,
  });
}

async function createServers(
  parts: Parts,
): Promise<readonly [app: FastifyInstance, health: FastifyInstance]> {
  const { config, clock, log, metrics } = parts;
  const tls = await readTls(config, { clock, log });
  const draining = parts.draining.signal;
  const health = createHealth({ probes: probesOf(parts), metrics, clock, log, draining });
  const { ca } = await readPem(config.certificates.caFile);
  return [createApp(servicesOf(parts, ca), tls), health];
}

function servicesOf(parts: Parts, ca: string | undefined): Parameters<typeof createApp>[0] {
  const { config, database, clock, log, backends, mailboxes, draining } = parts;
  const { push, spool, loops, traces, metrics } = parts;
  const aliasMaps = aliasMapsOf(config, log);
  return {
    accounts: new Accounts({
      sql: database,
      clock,
      backendOf: (name) => known(backends, name).mail,
      addressesOf: async (name, email) => (await aliasMaps.get(name)?.addressesOf(email)) ?? [],
      cacheSeconds: config.login.cacheSeconds,
      domains: config.domains,
      defaultDomain: config.login.defaultDomain,
    }),
    devices: new Devices({ database, clock, requiresPolicy: () => false }),
    outOfOffice: new OutOfOffice(database),
    recovery: new Recovery({ database, clock, key: config.encryptionKey }),
    certificates: certificateChecks({ ...config.certificates, clock, ca }),
    directory: new Directory({ sql: database, domains: config.domains, aliasMaps }),
    loops,
    traces,
    handlers,
    offer: createOffer(handlers),
    sync: openSyncStates(database, clock),
    push,
    proxies: new TrustedProxies(config.http.trustedProxies),
    inFlight: new InFlight(),
    pacing: new Pacing(clock, config.http.freeRequests),
    metrics,
    clock,
    log,
    realm: config.login.realm,
    maxBodyBytes: config.http.maxBodyBytes,
    htmlCare: config.mail.html,
    spool,
    draining: draining.signal,
    openMailbox: (account, request) => mailboxes.open(account, request),
  };
}

/** What reads certificates takes 10 MB of memory: it is loaded when the first device asks for it. */
function certificateChecks(options: CheckerOptions): Pick<CertificateChecker, "check"> {
  let loading: Promise<CertificateChecker> | undefined;
  const load = async (): Promise<CertificateChecker> => {
    const { CertificateChecker: Checker } = await import("./certificates/checker.ts");
    return new Checker(options);
  };
  return {
    check: async (bytes, request) => await (await (loading ??= load())).check(bytes, request),
  };
}

/** The alias maps of the mail domains that have one. */
function aliasMapsOf({ domains }: Config, log: Log): ReadonlyMap<string, AliasMap> {
  const maps = domains.flatMap(({ name, aliasMap }) =>
    aliasMap === undefined ? [] : [[name, new AliasMap(aliasMap, log)] as const],
  );
  return new Map(maps);
}

/** What the gateway cannot do without. */
export function probesOf({ database, backends }: Pick<Parts, "database" | "backends">): Probes {
  const servers = [...backends].flatMap(([name, { mail, transport }]) => [
    [`imap ${name}`, (signal: AbortSignal) => mail.probe(signal)] as const,
    [`smtp ${name}`, (signal: AbortSignal) => transport.probe(signal)] as const,
  ]);
  const asks = (): Promise<unknown> => database.rows("health.probe", "SELECT 1 AS alive");
  return { database: asks, ...Object.fromEntries(servers) };
}

/** The certificate, with a warning of all that phones will not like in it. */
export async function readTls(
  config: Config,
  { clock, log }: Surroundings,
): Promise<TlsFiles | undefined> {
  const { mode, certificate, key } = config.tls;
  if (mode === "off") return undefined;
  if (mode === "self-signed" || certificate === undefined || key === undefined) {
    return await selfSigned(join(config.dataDir, "certificate"), clock.now());
  }
  for (const { level, text } of await checkCertificate(config, clock.now())) {
    if (level !== "ok") log.warn({ file: certificate }, `The certificate ${text}`);
  }
  const [cert, privateKey] = await Promise.all([readFile(certificate), readFile(key)]);
  return { cert, key: privateKey };
}

/** The servers on their ports, and all that ends with them. */
interface Ports {
  readonly app: FastifyInstance;
  readonly health: FastifyInstance;
  readonly stack: AsyncDisposableStack;
}

function gateway(parts: Parts, { app, health, stack }: Ports): Gateway {
  const { config, clock, log, push, draining, isWorker } = parts;
  const dispose = async (): Promise<void> => {
    draining.abort();
    await stack.disposeAsync();
  };
  return {
    push,
    listen: async () => {
      const url = await app.listen(config.listen);
      const { host, port } = config.metrics;
      const healthUrl = isWorker ? `http://${host}:${port}` : await health.listen({ host, port });
      log.info({ url, healthUrl }, "Eastgate listens");
      return { url, healthUrl };
    },
    stop: async () => {
      const { drainSeconds } = config;
      log.info({ heldRequests: push.held(), drainSeconds }, "Eastgate ends");
      draining.abort();
      await stop({ app, clock, drain: () => push.drain(drainSeconds) });
      await dispose();
      log.info({}, "Eastgate has ended");
    },
    [Symbol.asyncDispose]: dispose,
  };
}

/** Ends a server and its connections. */
export async function closeNow(server: FastifyInstance): Promise<void> {
  server.server.closeAllConnections();
  await server.close();
}
