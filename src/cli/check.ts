/** `eastgate check`: what will not work, and why, before a device finds out. */
import { createHash } from "node:crypto";
import { createInterface } from "node:readline/promises";
import process from "node:process";
import type { Credential } from "../backend.ts";
import type { Surroundings } from "../compose.ts";
import type { Config, DomainConfig } from "../config.ts";
import { systemClock } from "../kit/clock.ts";
import { checkCertificate } from "./check-certificate.ts";
import { judgeImap, judgeSmtp } from "./check-servers.ts";
import { lineOf, look, type Finding } from "./finding.ts";
import { stderrLog } from "./stderr-log.ts";
import {
  configHelp,
  configOf,
  configOptions,
  parse,
  refuseMore,
  UsageError,
  type Subcommand,
} from "./subcommand.ts";

const surroundings: Surroundings = { clock: systemClock, log: stderrLog };

/** A server that does not answer within this time will not serve a phone either. */
const longestProbeMs = 15_000;

/** Looks at everything that the gateway needs. */
export const check: Subcommand = {
  summary: "tell what will not work, and why",
  help: `Usage: eastgate check [--config FILE] [--login ADDRESS]

Looks at the configuration, the certificate, the database, and each IMAP and SMTP server, and prints a line for
each: ok, warn (works less well, and how) or FAIL (will not work, and why). The exit code is 1 when anything fails.

  --login ADDRESS     sign in to the IMAP server as this user, since servers tell what they can only after login;
                      the password is read from standard input
${configHelp}`,
  async run(args, { env, out }) {
    const { values, positionals } = parse(args, { ...configOptions, login: { type: "string" } });
    refuseMore(positionals, 0);
    const config = configOf(values, env);
    out(lineOf({ level: "ok", subject: "configuration", text: "is valid" }));
    const login = values.login === undefined ? undefined : await readLogin(config, values.login);
    let failed = false;
    for await (const finding of findings(config, login)) {
      out(lineOf(finding));
      failed ||= finding.level === "fail";
    }
    return failed ? 1 : 0;
  },
};

/** Whom to sign in, and where. */
interface Login {
  readonly domain: DomainConfig;
  readonly credential: Credential;
}

async function readLogin(config: Config, address: string): Promise<Login> {
  const [user = "", name = ""] = address.toLowerCase().split("@");
  const domain = config.domains.find((each) => each.name === name || each.aliases.includes(name));
  if (domain === undefined) throw new UsageError(`--login ${address}: "${name}" is no domain here`);
  if (process.stdin.isTTY) process.stderr.write(`Password of ${address}: `);
  const lines = createInterface({ input: process.stdin, terminal: false });
  const first = await lines[Symbol.asyncIterator]().next();
  lines.close();
  const password = first.done === true ? "" : first.value;
  const credential = {
    login: domain.login === "address" ? `${user}@${domain.name}` : user,
    password,
    fingerprint: createHash("sha256").update(address).digest("hex"),
    clientAddress: "127.0.0.1",
  };
  return { domain, credential };
}

async function* findings(config: Config, login: Login | undefined): AsyncGenerator<Finding> {
  yield* await look("certificate", () => checkCertificate(config, systemClock.now()));
  yield* await look("database", () => checkDatabase(config));
  for (const domain of config.domains) {
    yield* await checkDomain(domain, login?.domain === domain ? login.credential : undefined);
  }
}

async function checkDatabase(config: Config): Promise<readonly Finding[]> {
  const { openStore } = await import("../compose.ts");
  await using store = await openStore(config, stderrLog);
  const [row] = await store.database.rows<{ version: string }>(
    "check.version",
    "SELECT current_setting('server_version') AS version",
  );
  const where = config.database.url === undefined ? "embedded" : "yours";
  const text = `answers (${where}, PostgreSQL ${row?.version ?? ""}) and is up to date`;
  return [{ level: "ok", subject: "database", text }];
}

async function checkDomain(
  domain: DomainConfig,
  credential: Credential | undefined,
): Promise<readonly Finding[]> {
  const { imap, smtp } = domain;
  const [imapSubject, smtpSubject] = [
    `IMAP ${imap.host}:${imap.port}`,
    `SMTP ${smtp.host}:${smtp.port}`,
  ];
  const { openBackend } = await import("../compose.ts");
  const { mail, transport } = await openBackend(domain, surroundings);
  await using stack = new AsyncDisposableStack();
  stack.use(mail);
  stack.use(transport);
  const atIMAP = await look(imapSubject, async () => {
    const { capabilities } = await mail.probe(AbortSignal.timeout(longestProbeMs), credential);
    return judgeImap(imapSubject, capabilities, credential !== undefined);
  });
  const atSMTP = await look(smtpSubject, async () => {
    const { capabilities } = await transport.probe(AbortSignal.timeout(longestProbeMs));
    return judgeSmtp(smtpSubject, capabilities, smtp.authenticate);
  });
  return [...unverified(domain), ...atIMAP, ...atSMTP];
}

function unverified({ imap, smtp }: DomainConfig): readonly Finding[] {
  const text = "anybody in between can read passwords: verify_certificate is off";
  return [imap, smtp]
    .filter(({ security, verifyCertificate }) => security !== "plain" && !verifyCertificate)
    .map(({ host, port }) => ({ level: "warn", subject: `${host}:${port}`, text }) as const);
}
