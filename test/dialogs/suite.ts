/** Every dialog of this folder as a test, over the running gateway and real servers. */
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { appendFile, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env } from "node:process";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import type { ImapFlow } from "imapflow";
import type { ProtocolVersion } from "../../schemas/version.ts";
import type { Config } from "../../src/config.ts";
import { systemClock } from "../../src/kit/clock.ts";
import { StillClock } from "../../src/kit/still-clock.ts";
import { startGateway, type TestGateway } from "../rig/gateway.ts";
import { password, type MailServers } from "../rig/mail/servers.ts";
import { putMailboxBack, renumber, saveMailbox } from "../rig/mail/storage.ts";
import type { Stage } from "./actions.ts";
import { parseDialog, versionsOf } from "./parse.ts";
import { runDialog } from "./run.ts";

const caFile = fileURLToPath(new URL("../fixtures/certificates/root.pem", import.meta.url));

/** The authority of the certificates in dialogs, and an alias map for all mail domains. */
function configuredWith(aliasMap: string): (config: Config) => Config {
  return (config) => ({
    ...config,
    certificates: { ...config.certificates, caFile },
    domains: config.domains.map((domain) => ({ ...domain, aliasMap })),
  });
}

/** An alias map that is empty yet; it goes when it is disposed of. */
async function makeAliasMap(): Promise<{ readonly file: string } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), "eastgate-test-aliases-"));
  const file = join(folder, "virtual");
  await appendFile(file, "# address user\n");
  return { file, [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }) };
}

/** Over which servers dialogs are played, and which of them. */
export interface Staging {
  readonly servers: () => Promise<MailServers>;
  /** Those of a dialog's versions that it is played with; all if left out. */
  readonly versions?: (named: readonly ProtocolVersion[]) => readonly ProtocolVersion[];
  /** Dialogs that these servers cannot play, by file name, with the sentence that is printed. */
  readonly lacks?: Readonly<Record<string, string>>;
}

/** What is open while dialogs are played. */
interface Theatre {
  readonly mail: MailServers;
  readonly gateway: TestGateway;
  readonly clock: StillClock;
  readonly aliasMap: string;
}

/** The world of one dialog, with connections that end with it. */
function openStage({ mail, gateway, clock, aliasMap }: Theatre): Stage & AsyncDisposable {
  // Each dialog begins in the present: mail servers take no mail from the future.
  clock.advance(systemClock.now() - clock.now());
  const clients = new Map<string, Promise<ImapFlow>>();
  const connect = (user: string): Promise<ImapFlow> => {
    const client = clients.get(user) ?? mail.imapClient(user);
    clients.set(user, client);
    return client;
  };
  const user = mail.freshUser();
  const closeClients = async (): Promise<void> => {
    for (const client of clients.values()) await (await client).logout();
    clients.clear();
  };
  return {
    user,
    other: mail.freshUser(),
    imap: connect,
    deliver: (recipient, mime) => mail.deliver(recipient, mime),
    held: () => gateway.gateway.push.held(),
    now: () => clock.now(),
    advance: (seconds) => clock.advance(seconds * 1000),
    restart: () => gateway.restart(),
    renumber: async (path) => {
      await closeClients();
      await renumber(mail, user, path);
    },
    addAlias: (address) => appendFile(aliasMap, `${address} ${user}\n`),
    saveMailbox: () => saveMailbox(mail, user),
    putMailboxBack: async () => {
      await closeClients();
      await putMailboxBack(mail, user);
    },
    [Symbol.asyncDispose]: closeClients,
  };
}

const folder = new URL("./", import.meta.url);
/** While working on one dialog: only those whose file name contains this. */
const wanted = env["EASTGATE_TEST_DIALOGS"] ?? "";
const names = readdirSync(folder)
  .filter((name) => name.endsWith(".eas") && name.includes(wanted))
  .map((name) => name.replace(".eas", ""))
  .toSorted();

/** Plays the dialogs, and looks at the log when all are over. */
export function playDialogs({ servers, versions = (named) => named, lacks = {} }: Staging): void {
  const clock = new StillClock(systemClock.now());
  const told = new Set<string>();
  const stack = new AsyncDisposableStack();
  let theatre: Theatre;
  before(async () => {
    const mail = stack.use(await servers());
    const { file: aliasMap } = stack.use(await makeAliasMap());
    const configure = configuredWith(aliasMap);
    const gateway = stack.use(await startGateway(mail, { clock, configure }));
    theatre = { mail, gateway, clock, aliasMap };
  });
  after(() => stack.disposeAsync());
  for (const name of names) {
    const source = readFileSync(new URL(`${name}.eas`, folder), "utf8");
    for (const version of versions(versionsOf(source))) {
      const dialog = parseDialog(source, version);
      test(`${dialog.title} [${name} ${version}]`, { skip: lacks[name] ?? false }, async () => {
        for (const text of dialog.texts.values()) told.add(text);
        await using stage = openStage(theatre);
        const { user } = stage;
        await runDialog(dialog, stage, { url: theatre.gateway.url, user, password, version });
      });
    }
  }
  const whole = wanted === "" ? {} : { skip: "single dialogs run" };
  test("Log: no line of the whole run holds a password, a subject or a body", whole, () => {
    assertKeepsSecrets(theatre.gateway, told);
  });
}

function assertKeepsSecrets(gateway: TestGateway, told: ReadonlySet<string>): void {
  const log = gateway.lines.map((line) => JSON.stringify(line)).join("\n");
  assert.ok(log.includes('"command":"Sync"'), "requests are logged");
  const secrets = [password, Buffer.from(`:${password}`).toString("base64")];
  for (const text of [...told].flatMap(contentsOf).concat(secrets)) {
    assert.ok(!log.includes(text), `the log holds "${text}"`);
  }
}

/** Subjects and lines of bodies that are long enough to be nothing else. */
function contentsOf(mime: string): readonly string[] {
  const [head = "", ...body] = mime.split("\r\n\r\n");
  const subject = /^Subject: (.+)$/m.exec(head)?.[1] ?? "";
  const lines = [subject, ...body.join("\r\n").split("\r\n")].map((line) => line.trim());
  return lines.filter((line) => line.length >= 12 && !line.startsWith("--"));
}
