/** Every setting: name, type, default and one line of help. `docs/configuration.md` is made from it. */
import { readFileSync } from "node:fs";
import { basename, dirname, resolve } from "node:path";
import { parse, TomlError } from "smol-toml";
import { checkSettings } from "./config/checks.ts";
import { ConfigError, errorCode, type Problem } from "./config/problem.ts";
import { read, type Environment } from "./config/read.ts";
import {
  alsoFrom,
  choice,
  flag,
  host,
  listOf,
  mailDomain,
  network,
  optional,
  path,
  postgresUrl,
  secret,
  table,
  tables,
  text,
  whole,
  type ValueOf,
} from "./config/setting.ts";

const portBounds = [1, 65_535] as const;
/** Port 0 lets the system choose; useful behind tests and socket activation. */
const listenPortBounds = [0, 65_535] as const;
const mebibyte = 1_048_576;

const server = (protocol: "IMAP" | "SMTP", ports: string, example: number) => ({
  host: host(`Name or address of the ${protocol} server.`, { example: "mail.example.com" }),
  port: optional(whole(`Port; by default ${ports}.`, portBounds, { example })),
  verifyCertificate: flag("Whether the server's certificate must be valid for its name.", true),
  caFile: optional(
    path("PEM file with further certificate authorities to trust.", { example: "mail-ca.pem" }),
  ),
});

const imap = table("The IMAP server of this domain.", {
  ...server("IMAP", "993 with tls, else 143", 993),
  security: choice("How the connection is protected; plain only on loopback.", securities(), "tls"),
  connectionsPerAccount: whole(
    "Connections that one account may hold at once, in all workers together; half for requests, half for push.",
    [2, 50],
    { fallback: 6 },
  ),
  loginsInFlight: whole(
    "Logins at this server at the same moment, in all workers together.",
    [1, 1_000],
    { fallback: 20 },
  ),
  fuzzySearch: flag(
    "Whether a search asks the server's full-text index alone (Cyrus): quick, but what is not indexed yet is not found.",
    false,
  ),
  sendOriginatingIp: flag("Whether to tell the server each device's address (IMAP ID).", true),
});

const smtp = table("The submission server of this domain.", {
  ...server("SMTP", "465 with tls, 587 with starttls, else 25", 587),
  security: choice(
    "How the connection is protected; plain only on loopback.",
    securities(),
    "starttls",
  ),
  authenticate: flag("Whether to sign in with the user's own login and password.", true),
});

function securities(): readonly ["tls", "starttls", "plain"] {
  return ["tls", "starttls", "plain"];
}

/** The definition of the configuration; keys are written in snake_case in the file. */
export const definition = table("The configuration of the gateway.", {
  dataDir: path(
    "Folder of the embedded database, of certificates made here, and of large bodies while they pass.",
    {
      fallback: "data",
    },
  ),
  encryptionKey: optional(
    secret(
      text(
        "Words that seal secrets in the database (recovery passwords of devices); without them none are kept.",
        { example: "long random words" },
      ),
    ),
  ),
  drainSeconds: whole("Time over which held requests are answered before an exit.", [0, 25], {
    fallback: 15,
  }),
  workers: whole(
    "Processes that serve devices on this machine, sharing the port; about one for each core.",
    [1, 32],
    { fallback: 1 },
  ),
  listen: table("Where devices connect (HTTPS).", {
    host: host("Address to listen on.", { fallback: "0.0.0.0" }),
    port: whole("Port to listen on; phones expect 443.", listenPortBounds, { fallback: 8_443 }),
  }),
  tls: table("The certificate that devices see.", {
    mode: choice(
      "files: a certificate from files; off: plain HTTP, behind a proxy; self-signed: for trials.",
      ["files", "off", "self-signed"],
      "files",
    ),
    certificate: optional(
      path("PEM file with the certificate and its chain.", {
        example: "/etc/eastgate/fullchain.pem",
      }),
    ),
    key: optional(path("PEM file with the private key.", { example: "/etc/eastgate/privkey.pem" })),
  }),
  http: table("How requests are read.", {
    trustedProxies: listOf(
      network("Proxies whose Forwarded and X-Forwarded-For headers are believed."),
    ),
    maxBodyBytes: whole(
      "Largest request; bounds the size of a mail that a device sends.",
      [mebibyte, 500 * mebibyte],
      { fallback: 50 * mebibyte },
    ),
    freeRequests: whole(
      "Requests that bring a device nothing (a Sync without changes, a refresh of the folders) in two minutes; further ones are answered one a second. 0: all at once.",
      [0, 100_000],
      { fallback: 120 },
    ),
  }),
  metrics: table("Where /healthz, /readyz and /metrics answer, in plain HTTP.", {
    host: host("Address to listen on.", { fallback: "127.0.0.1" }),
    port: whole("Port to listen on.", listenPortBounds, { fallback: 9_464 }),
  }),
  database: table("PostgreSQL.", {
    url: optional(
      alsoFrom(
        "DATABASE_URL",
        secret(postgresUrl("The operator's PostgreSQL; without it an embedded one is started.")),
      ),
    ),
    connections: whole("Connections that each process may hold.", [2, 500], { fallback: 10 }),
  }),
  login: table("How devices sign in.", {
    realm: text("Realm that devices see when they are asked for a password.", {
      fallback: "Eastgate",
    }),
    cacheSeconds: whole("How long a good login is remembered, in memory.", [0, 3_600], {
      fallback: 600,
    }),
    defaultDomain: optional(
      mailDomain("Domain of users who sign in without one; with one domain, that one.", {
        example: "example.com",
      }),
    ),
  }),
  certificates: table(
    "How certificates of signed mail are checked for phones that ask (ValidateCert).",
    {
      caFile: optional(
        path("PEM file with authorities to trust beside the public ones.", {
          example: "smime-ca.pem",
        }),
      ),
      fetchRevocationLists: flag(
        "Whether the authorities' lists of revoked certificates are fetched, by HTTP from the internet.",
        false,
      ),
      privateRevocationServers: flag(
        "Whether these lists may also be at private addresses, such as those of an authority of your own.",
        false,
      ),
    },
  ),
  push: table("How long devices may wait for news.", {
    minHeartbeatSeconds: whole("Shortest wait that is granted.", [1, 3_540], { fallback: 60 }),
    maxHeartbeatSeconds: whole("Longest wait that is granted.", [60, 3_540], { fallback: 3_540 }),
  }),
  log: table("The log, one JSON line each, on standard output.", {
    level: choice("How much is logged.", ["debug", "info", "warn", "error"], "info"),
  }),
  mail: table("How mails are shown.", {
    html: choice(
      "HTML of mails: unchanged; safe: without scripts, handlers, forms and frames; private: also without all that is fetched from elsewhere (pictures that tell when a mail is read).",
      ["unchanged", "safe", "private"],
      "unchanged",
    ),
  }),
  domains: tables("One mail domain and its servers.", {
    name: mailDomain("The domain, as in user@name.", { example: "example.com" }),
    aliases: listOf(mailDomain("Further domains with the same users.")),
    addressBook: flag(
      "Whether the users of this domain find each other in the address list, once they have signed in.",
      true,
    ),
    aliasMap: optional(
      path(
        "Further addresses of users, as Postfix's virtual aliases: an address and the user's. The address list finds users by them; read again when it changes.",
        { example: "/etc/postfix/virtual" },
      ),
    ),
    login: choice(
      "What the servers are given as login: the whole address, or the part before the @.",
      ["address", "user"],
      "address",
    ),
    imap,
    smtp,
  }),
});

/** What the definition reads, before ports and paths are completed. */
export type Settings = ValueOf<typeof definition>;

type DomainSettings = Settings["domains"][number];

/** One mail domain with its servers, complete. */
export type DomainConfig = Omit<DomainSettings, "imap" | "smtp"> & {
  readonly imap: Omit<DomainSettings["imap"], "port"> & { readonly port: number };
  readonly smtp: Omit<DomainSettings["smtp"], "port"> & { readonly port: number };
};

/** The configuration that the gateway runs on: checked, ports filled in, paths absolute. */
export type Config = Omit<Settings, "domains"> & { readonly domains: readonly DomainConfig[] };

/** Where the configuration comes from. */
export interface ConfigSource {
  /** The TOML file; without one everything comes from the environment. */
  readonly file?: string | undefined;
  readonly env: Environment;
}

/** Reads and checks the configuration. Throws `ConfigError` with every problem at once. */
export function loadConfig({ file, env }: ConfigSource): Config {
  const source = file === undefined ? "environment" : basename(file);
  const folder = file === undefined ? "." : dirname(file);
  const { values, problems } = read(definition, parseFile(file, source), env);
  const all = problems.length > 0 ? problems : checkSettings(values, folder);
  if (all.length > 0) throw new ConfigError(source, all);
  return complete(values, folder);
}

function parseFile(file: string | undefined, source: string): unknown {
  if (file === undefined) return {};
  try {
    return parse(readFileSync(file, "utf8"));
  } catch (error) {
    throw new ConfigError(source, [problemOf(error, file)]);
  }
}

function problemOf(error: unknown, file: string): Problem {
  if (error instanceof TomlError) {
    const wrong = error.message.split("\n", 1)[0]?.replace("Invalid TOML document: ", "") ?? "";
    return { key: `line ${error.line}`, wrong: `is not TOML: ${wrong}`, right: "Mend this line" };
  }
  const code = errorCode(error);
  if (code === undefined) throw error;
  const right = "Name a readable TOML file; eastgate init writes one";
  return { key: file, wrong: `cannot be read (${code})`, right };
}

const imapPorts = { tls: 993, starttls: 143, plain: 143 } as const;
const smtpPorts = { tls: 465, starttls: 587, plain: 25 } as const;

function complete(settings: Settings, folder: string): Config {
  const from = (name: string | undefined): string | undefined =>
    name === undefined ? undefined : resolve(folder, name);
  const completed = <Server extends DomainSettings["imap"] | DomainSettings["smtp"]>(
    given: Server,
    ports: Readonly<Record<Server["security"], number>>,
  ) => ({
    ...given,
    caFile: from(given.caFile),
    port: given.port ?? ports[given.security as Server["security"]],
  });
  return {
    ...settings,
    dataDir: resolve(folder, settings.dataDir),
    tls: {
      ...settings.tls,
      certificate: from(settings.tls.certificate),
      key: from(settings.tls.key),
    },
    certificates: { ...settings.certificates, caFile: from(settings.certificates.caFile) },
    login: { ...settings.login, defaultDomain: defaultDomain(settings) },
    domains: settings.domains.map((domain) => ({
      ...domain,
      aliasMap: from(domain.aliasMap),
      imap: completed(domain.imap, imapPorts),
      smtp: completed(domain.smtp, smtpPorts),
    })),
  };
}

function defaultDomain({ login, domains }: Settings): string | undefined {
  return login.defaultDomain ?? (domains.length === 1 ? domains[0]?.name : undefined);
}
