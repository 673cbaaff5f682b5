/** The whole gateway over Cyrus IMAP: other marks, other identities, other names than Dovecot's. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { systemClock } from "../../src/kit/clock.ts";
import { StillClock } from "../../src/kit/still-clock.ts";
import { Phone } from "../client/phone.ts";
import { startGateway, type TestGateway } from "../rig/gateway.ts";
import { startCyrusServers } from "../rig/mail/cyrus-servers.ts";
import { password, type MailServers } from "../rig/mail/servers.ts";
import { playDrafts } from "./play-drafts.ts";
import { playAll } from "./play.ts";
import { openProcesses } from "./processes.ts";
import { Trial } from "./trial.ts";
import { wholeMailbox } from "./whole-mailbox.ts";

wholeMailbox("Cyrus", startCyrusServers);

const clock = new StillClock(systemClock.now());
const stack = new AsyncDisposableStack();
let mail: MailServers;
let gateway: TestGateway;

before(async () => {
  mail = stack.use(await startCyrusServers({ belowInbox: true }));
  gateway = stack.use(await startGateway(mail, { clock }));
});

after(() => stack.disposeAsync());

function phoneOf(user: string): Phone {
  return new Phone({ url: gateway.url, user, password, version: "14.1" });
}

test("Cyrus: everything works with folders below INBOX and a dot between their names", async () => {
  clock.advance(systemClock.now() - clock.now());
  const user = mail.freshUser();
  const other = await mail.imapClient(user);
  using phone = phoneOf(user);
  const held = (): number => gateway.gateway.push.held();
  const scene = { mail, clock, user, phone, other, prefix: "INBOX.", held };
  await playAll(scene);
  await playDrafts(scene);
  await other.logout();
});

test("Cyrus: a parent that is renamed is one change, and all below it stays what it was", async () => {
  const user = mail.freshUser();
  const other = await mail.imapClient(user);
  using phone = phoneOf(user);
  await other.mailboxCreate("INBOX.Clients.2026.Letters");
  await phone.folderSync();
  const [year, letters] = [phone.folderNamed("2026"), phone.folderNamed("Letters")];
  await other.append("INBOX.Clients.2026.Letters", Buffer.from("Subject: one\r\n\r\nWords.\r\n"));
  await phone.syncAll(letters);
  await other.mailboxRename("INBOX.Clients", "INBOX.Friends");
  const { body } = await phone.client.send("FolderSync", { SyncKey: phone.hierarchyKey });
  assert.deepEqual(
    [body?.Changes?.Count, body?.Changes?.Update.map(({ DisplayName }) => DisplayName)],
    [1, ["Friends"]],
  );
  const { status, adds, deletes } = await phone.sync(letters);
  assert.deepEqual([status, adds, deletes], [1, [], []]);
  assert.equal((await phone.sync(year)).status, 1);
  await other.logout();
});

test("Cyrus: a gateway that is killed while it sends and syncs loses and doubles nothing", async (t) => {
  await using servers = await startCyrusServers();
  await using processes = await openProcesses(servers);
  await using trial = await Trial.open(servers, processes, { mails: 12 });
  await trial.sendAndKill("delivered");
  await trial.sendAndKill("appended");
  await trial.syncAndKill("after move");
  await trial.deliver();
  await trial.syncAndKill("before answer");
  const counts = await trial.check();
  t.diagnostic(JSON.stringify(counts));
  assert.equal(counts.kills, 4);
});
