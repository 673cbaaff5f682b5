/** A private copy of Cyrus IMAP on free loopback ports, with a Postfix that delivers into it. */
import { existsSync } from "node:fs";
import { chmod, chown, mkdir, mkdtemp, readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { answerLogins } from "./cyrus-logins.ts";
import {
  cyrusConf,
  cyrusPrograms,
  imapdConf,
  unpackedPrograms,
  type CyrusOptions,
  type CyrusPorts,
} from "./cyrus.ts";
import { startDaemons } from "./daemons.ts";
import { idsOf } from "./folder.ts";
import { deliverByLmtp } from "./lmtp.ts";
import { seedMails } from "./seed.ts";
import { freePorts } from "./ports.ts";
import { connectImap, password, startMailServers, type MailServers } from "./servers.ts";

/** Starts Cyrus in a temporary folder; sending goes through a Postfix of the rig, whose logins are Dovecot's. */
export async function startCyrusServers(options: CyrusOptions = {}): Promise<MailServers> {
  refuseWithoutPackages();
  await using stack = new AsyncDisposableStack();
  const [imap, imaps, lmtp] = await freePorts(3);
  const ports = { imap, imaps, lmtp } as CyrusPorts;
  const sending = stack.use(await startMailServers({ deliverTo: ports.lmtp }));
  const folder = await makeFolder(sending, ports, options);
  stack.use(await answerLogins(join(folder, "logins"), passwordsOf(sending.address.folder)));
  const command = `${cyrusPrograms}/master -D -C ${folder}/imapd.conf -M ${folder}/cyrus.conf -p ${folder}/pid`;
  stack.use(await startDaemons({ folder, commands: [command], ports: Object.values(ports) }));
  const kept = stack.move();
  const stop = (): Promise<void> => kept.disposeAsync();
  return {
    ...sending,
    imap: { host: "127.0.0.1", port: ports.imap, tlsPort: ports.imaps },
    lmtp: { port: ports.lmtp },
    deliver: (user, mime) => deliverByLmtp(ports.lmtp, user, mime),
    seed: (user, into, mails) => seedMails({ port: ports.imap, user, folder: into }, mails),
    imapClient: (user, word = password) => connectImap(ports.imap, user, word),
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

function refuseWithoutPackages(): void {
  const needed = [`${cyrusPrograms}/master`, `${unpackedPrograms}/imapd`];
  if (needed.every((path) => existsSync(path))) return;
  throw new Error("Cyrus IMAP is not there: npm test, as root, installs it.");
}

async function makeFolder(
  { address, certificate }: MailServers,
  ports: CyrusPorts,
  options: CyrusOptions,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "eastgate-cyrus-"));
  await chmod(folder, 0o755);
  const [cyrus, mail] = [await idsOf("/etc/passwd", "cyrus"), await idsOf("/etc/group", "mail")];
  for (const name of ["config", "config/socket", "spool", "run"]) {
    await mkdir(join(folder, name));
    await chown(join(folder, name), cyrus, mail);
  }
  const files = {
    "cert.pem": certificate,
    "key.pem": await readFile(join(address.folder, "key.pem"), "utf8"),
    "imapd.conf": imapdConf(folder, options),
    "cyrus.conf": cyrusConf(folder, ports),
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(folder, name), text);
  return folder;
}

/** The passwords of the rig's Dovecot: "secret", or what `setPassword` wrote for a name that begins with "own". */
function passwordsOf(folder: string): (user: string, word: string) => Promise<boolean> {
  return async (user, word) => {
    if (!user.startsWith("own")) return word === password;
    const lines = (await readFile(join(folder, "users"), "utf8")).split("\n");
    return lines.includes(`${user.split("@")[0]}:{PLAIN}${word}`);
  };
}
