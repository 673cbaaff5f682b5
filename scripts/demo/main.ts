/** The demo that `npm start` runs: the whole product on this machine, with two users and nothing to configure. */
import { once } from "node:events";
import { isIP } from "node:net";
import { resolve } from "node:path";
import process, { stdout } from "node:process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { machineNames } from "../../src/kit/self-signed.ts";
import { freePort, startGateway, type Gateway } from "./gateway.ts";
import { newMail, seed } from "./mails.ts";
import { openMailbox, openSubmission, password, type Mailbox, type User } from "./post-office.ts";

const users: readonly [User, User] = [
  { name: "Alice", domain: "north.test", address: "alice@north.test" },
  { name: "Bob", domain: "south.test", address: "bob@south.test" },
];

const defaultFolder = fileURLToPath(new URL("../../data/demo", import.meta.url));
const defaultPort = 8_443;
const defaultMetricsPort = 9_464;
const newMailMs = 60_000;

const { values } = parseArgs({
  options: {
    port: { type: "string", default: String(defaultPort) },
    data: { type: "string", default: defaultFolder },
    host: { type: "string", default: "0.0.0.0" },
  },
});

/** Ends the demo: Ctrl-C, a signal, or the end of the program that started it. */
const stopped = new AbortController();
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP", "disconnect"]) {
  process.on(signal, () => stopped.abort());
}

// Nobody reads any more (npm start | head): the demo goes on until it is told to end.
stdout.on("error", () => undefined);

function announce(port: number, gateway: Gateway, metricsPort: number): void {
  const outward = machineNames().filter((name) => isIP(name) !== 6 && !name.startsWith("127."));
  const addresses = values.host === "0.0.0.0" ? outward : [values.host];
  const outside = addresses.find((name) => isIP(name) === 4);
  const inside = values.host === "0.0.0.0" ? "localhost" : values.host;
  const [alice, bob] = users;
  stdout.write(`
The demo of Eastgate runs. Ctrl-C ends it.

  Address    ${addresses.map((name) => `https://${name}:${port}`).join("\n             ")}
  Users      ${alice.address} and ${bob.address}, password of both: ${password}
  Mail       a new one in both mailboxes every minute; write to each other

On a phone in this network add an account of the kind "Exchange":

  Server     ${outside ?? inside}:${port}
  User       ${alice.address} (the address and the user name)
  Password   ${password}
  Domain     leave it empty
  and accept the certificate, which is self-signed.

Does it answer? This prints the versions (MS-ASProtocolVersions) and commands that it speaks:

  curl -k -i -u ${alice.address}:${password} -X OPTIONS https://${inside}:${port}/Microsoft-Server-ActiveSync

  Log        ${gateway.logFile}
  Settings   ${gateway.configFile}
  Metrics    http://127.0.0.1:${metricsPort}/metrics
`);
}

async function deliverEachMinute(mailboxes: readonly Mailbox[]): Promise<Disposable> {
  const deliver = async (): Promise<void> => {
    for (const mailbox of mailboxes) await newMail(mailbox, otherThan(mailbox.user), new Date());
  };
  const timer = setInterval(() => void deliver(), newMailMs);
  return { [Symbol.dispose]: () => clearInterval(timer) };
}

function otherThan(user: User): User {
  return user === users[0] ? users[1] : users[0];
}

/** The port that was asked for. Throws what is no port. */
function wantedPort(): number {
  const port = Number(values.port);
  if (Number.isInteger(port) && port > 0 && port < 65_536) return port;
  throw new Error(`--port is "${values.port}": give a number from 1 to 65535`);
}

async function main(): Promise<void> {
  const startedAt = new Date();
  const firstPort = wantedPort();
  await using stack = new AsyncDisposableStack();
  const mailboxes: Mailbox[] = [];
  for (const user of users) {
    const mailbox = stack.use(await openMailbox(user, startedAt));
    await seed(mailbox, otherThan(user), startedAt);
    mailboxes.push(mailbox);
  }
  const submission = stack.use(await openSubmission(mailboxes));
  const port = await freePort(firstPort, values.host);
  const metricsPort = await freePort(defaultMetricsPort, "127.0.0.1");
  stdout.write("Starting the demo; the first start makes a database and a certificate.\n");
  const options = {
    folder: resolve(values.data),
    host: values.host,
    port,
    metricsPort,
    signal: stopped.signal,
  };
  const gateway = stack.use(await startGateway(options, mailboxes, submission));
  stack.use(await deliverEachMinute(mailboxes));
  announce(port, gateway, metricsPort);
  const asked = stopped.signal.aborted ? undefined : once(stopped.signal, "abort");
  const byItself = gateway.ended.then(() => "ended" as const);
  if ((await Promise.race([asked, byItself])) === "ended") {
    stdout.write(`The gateway ended by itself; ${gateway.logFile} tells why.\n`);
    process.exitCode = 1;
  } else stdout.write("Stopping.\n");
}

await main().catch((error: unknown) => {
  stdout.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
if (process.connected) process.disconnect();
