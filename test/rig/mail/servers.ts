/** A private copy of Dovecot and Postfix on free loopback ports, gone when it is disposed of. */
import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { env, geteuid } from "node:process";
import { ImapFlow } from "imapflow";
import { startDaemons } from "./daemons.ts";
import type { DovecotOptions, MailPorts } from "./dovecot.ts";
import { makeRigFolder } from "./folder.ts";
import { deliverByLmtp } from "./lmtp.ts";
import { freePorts } from "./ports.ts";
import { seedMails, type SeedMail } from "./seed.ts";

/** Variable by which the test runner tells test files where the run's mail servers are (JSON). */
export const mailVariable = "EASTGATE_TEST_MAIL";

/** The password of every user whose name does not begin with "own". */
export const password = "secret";

/** What tells another process where the mail servers are. */
export interface MailAddress {
  readonly folder: string;
  readonly ports: MailPorts;
  readonly certificate: string;
}

/**
 * Running mail servers. Any user is let in with `password`; names that begin with "full" may store 20 kB;
 * names that begin with "own" have the password that `setPassword` gave.
 */
export interface MailServers extends AsyncDisposable {
  readonly imap: { readonly host: string; readonly port: number; readonly tlsPort: number };
  readonly smtp: { readonly host: string; readonly port: number; readonly tlsPort: number };
  readonly lmtp: { readonly port: number };
  /** Self-signed certificate of all ports, for localhost and 127.0.0.1 (PEM); its own authority. */
  readonly certificate: string;
  /** For the environment of other processes of the same test run. */
  readonly address: MailAddress;
  /** A user (`…@example.test`) that nobody had before. */
  freshUser(prefix?: "user" | "full" | "own"): string;
  /** Gives a user whose name begins with "own" a new password. */
  setPassword(user: string, password: string): Promise<void>;
  /** Delivers by LMTP; resolves at its 250. */
  deliver(user: string, mime: Buffer): Promise<void>;
  /** Appends many mails at once. */
  seed(user: string, folder: string, mails: readonly SeedMail[]): Promise<void>;
  /** A connection of another mail client; disposing of it logs out. */
  imapClient(user: string, password?: string): Promise<ImapFlow>;
  /** What Dovecot logged so far. */
  dovecotLog(): Promise<string>;
  /** Stops the servers; the same as disposing. Those that the runner started go on. */
  stop(): Promise<void>;
}

/** The servers of this test run: those that the runner started, else (or with options) own ones. */
export async function mailServers(options?: DovecotOptions): Promise<MailServers> {
  const shared = env[mailVariable];
  if (options !== undefined || shared === undefined) return await startMailServers(options);
  return serversAt(JSON.parse(shared) as MailAddress, () => Promise.resolve());
}

/** Starts Dovecot and Postfix in a temporary folder. */
export async function startMailServers(options: DovecotOptions = {}): Promise<MailServers> {
  refuseWithoutPackages();
  const [imap, imaps, lmtp, auth, submission, submissions] = await freePorts(6);
  const ports = { imap, imaps, lmtp, auth, submission, submissions } as MailPorts;
  const { path: folder, certificate } = await makeRigFolder(ports, options);
  const environment = options.timeZone === undefined ? {} : { TZ: options.timeZone };
  const commands = [
    `dovecot -F -c ${folder}/dovecot.conf`,
    `/usr/lib/postfix/sbin/master -s -c ${folder}/postfix/etc`,
  ];
  const running = { folder, commands, ports: Object.values(ports), environment };
  const daemons = await startDaemons(running);
  return serversAt(
    { folder, ports, certificate },
    async () => await daemons[Symbol.asyncDispose](),
  );
}

function refuseWithoutPackages(): void {
  const needed = ["/usr/sbin/dovecot", "/usr/lib/dovecot/imap", "/usr/lib/dovecot/lmtp"];
  const missing = [...needed, "/usr/lib/postfix/sbin/master"].filter((path) => !existsSync(path));
  if (missing.length === 0 && geteuid?.() === 0) return;
  throw new Error(
    "The mail servers of the tests need root and, on Debian or Ubuntu, apt-get install dovecot-imapd dovecot-lmtpd postfix.",
  );
}

function serversAt(address: MailAddress, stop: () => Promise<void>): MailServers {
  const { folder, ports, certificate } = address;
  const host = "127.0.0.1";
  return {
    imap: { host, port: ports.imap, tlsPort: ports.imaps },
    smtp: { host, port: ports.submission, tlsPort: ports.submissions },
    lmtp: { port: ports.lmtp },
    certificate,
    address,
    freshUser: (prefix = "user") => `${prefix}-${randomBytes(6).toString("hex")}@example.test`,
    setPassword: async (user, word) => {
      await setPassword(join(folder, "users"), user, word);
      await untilItCounts(() => connectImap(ports.imap, user, word));
    },
    deliver: (user, mime) => deliverByLmtp(ports.lmtp, user, mime),
    seed: (user, into, mails) => seedMails({ port: ports.imap, user, folder: into }, mails),
    imapClient: (user, word = password) => connectImap(ports.imap, user, word),
    dovecotLog: () => readFile(join(folder, "log/dovecot.log"), "utf8"),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Dovecot takes the first line of a user: a new password must replace it. */
async function setPassword(file: string, user: string, word: string): Promise<void> {
  const name = `${user.split("@")[0]}:`;
  const line = `${name}{PLAIN}${word}`;
  const lines = (await readFile(file, "utf8")).split("\n");
  if (!lines.some((each) => each.startsWith(name))) return await appendFile(file, `${line}\n`);
  const changed = lines.map((each) => (each.startsWith(name) ? line : each));
  await writeFile(file, changed.join("\n"));
}

/** Dovecot looks no more than once a second whether passwords have changed; each refusal takes its time. */
async function untilItCounts(signIn: () => Promise<ImapFlow>): Promise<void> {
  for (let left = signInAttempts; ; left -= 1) {
    try {
      const client = await signIn();
      return await client.logout();
    } catch (error) {
      if (left === 1) throw error;
    }
  }
}

const signInAttempts = 5;

/** A connection of another mail client at a port of this machine. */
export async function connectImap(port: number, user: string, word: string): Promise<ImapFlow> {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port,
    secure: false,
    doSTARTTLS: false,
    auth: { user, pass: word },
    logger: false,
    disableCompression: true,
    disableAutoIdle: true,
    qresync: true,
  });
  client.on("error", () => undefined);
  await client.connect();
  return client;
}
