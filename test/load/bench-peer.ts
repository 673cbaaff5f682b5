/**
 * `npm run bench:peer -- --peer URL --pid PID --imap PORT --smtp PORT --user NAME [--mails N]`: a first Sync of the
 * same mailbox by Eastgate and by another ActiveSync server that is already running over the same mail server, in
 * turn. `--pid` (may be repeated) names the peer's processes; those below them count too. The mailbox NAME gets N
 * mails more (2,000). Databases and the mail server are not counted, on either side. Prints figures; fails only
 * on a wrong count.
 */
import assert from "node:assert/strict";
import { parseArgs } from "node:util";
import { ImapFlow } from "imapflow";
import { realisticMails, seedMails } from "../rig/mail/seed.ts";
import { bareFirstSync } from "./bare-imap.ts";
import { firstSync, type FirstSync, type Measured } from "./first-sync.ts";
import { startGatewayProcess } from "./gateway-process.ts";
import { cpuSecondsOf } from "./process-tree.ts";

const { values } = parseArgs({
  options: {
    peer: { type: "string" },
    pid: { type: "string", multiple: true },
    imap: { type: "string", default: "143" },
    smtp: { type: "string", default: "25" },
    user: { type: "string" },
    mails: { type: "string", default: "2000" },
    rounds: { type: "string", default: "3" },
  },
});
const { peer, pid = [], user } = values;
if (peer === undefined || user === undefined || pid.length === 0) {
  throw new Error(
    "--peer URL, --pid PID and --user NAME are needed; the head of this file tells more",
  );
}

const password = "secret";
const login = { port: Number(values.imap), user, password };
await seedMails({ ...login, folder: "INBOX" }, realisticMails(Number(values.mails)));
const count = await mailsIn();
const mail = { imap: { port: login.port }, smtp: { port: Number(values.smtp) } };
await using gateway = await startGatewayProcess(mail, "http.free_requests = 0");
const servers: Readonly<Record<string, Measured>> = {
  Eastgate: {
    url: gateway.url,
    user: `${user}@example.test`,
    password,
    cpuSeconds: () => gateway.cpuSeconds(),
  },
  peer: { url: peer, user, password, cpuSeconds: () => cpuSecondsOf(pid.map(Number)) },
};

for (let round = 1; round <= Number(values.rounds); round += 1) {
  console.log(`round ${round}: ${count} mails`);
  console.log(`  bare imapflow loop: ${Math.round(await bareFirstSync(login))} mails/s`);
  for (const [name, server] of Object.entries(servers)) report(name, await firstSync(server));
}

/** Opened with CONDSTORE: some servers tell no counts of changes before a client asked for them. */
async function mailsIn(): Promise<number> {
  const client = new ImapFlow({
    host: "127.0.0.1",
    port: login.port,
    secure: false,
    doSTARTTLS: false,
    auth: { user: login.user, pass: password },
    logger: false,
  });
  await client.connect();
  const { exists } = await client.mailboxOpen("INBOX");
  await client.logout();
  return exists;
}

function report(name: string, synced: FirstSync): void {
  synced.phone[Symbol.dispose]();
  assert.equal(synced.mails, count, `${name} brings every mail`);
  const { mailsPerSecond, cpuMsPerMail, windows } = synced;
  const figures = `${Math.round(mailsPerSecond)} mails/s, ${cpuMsPerMail.toFixed(2)} ms of CPU a mail`;
  console.log(`  ${name}: ${figures}, ${windows} windows`);
}
