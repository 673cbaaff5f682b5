import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startImapProxy } from "../../../test/rig/mail/proxy.ts";
import { realisticMails } from "../../../test/rig/mail/seed.ts";
import { mailServers, password } from "../../../test/rig/mail/servers.ts";
import { quiet } from "../../../test/rig/quiet-log.ts";
import { ImapConnection } from "./connection.ts";
import { removeAll } from "./emptying.ts";

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());
const mail = stack.use(await mailServers());

for (const without of [[], ["UIDPLUS"]]) {
  const title = without.length === 0 ? "" : ` without ${without.join(" ")}`;
  test(`Emptying${title}: what arrives later stays, also marked for deletion by others`, async () => {
    const user = mail.freshUser();
    await mail.seed(user, "INBOX", realisticMails(5));
    await using other = await mail.imapClient(user);
    await other.mailboxOpen("INBOX");
    await other.messageFlagsAdd("2,5", ["\\Deleted"], { uid: true });
    await using proxy = await startImapProxy(mail.imap.port, { without });
    const server = { host: "127.0.0.1", port: proxy.port, security: "plain" } as const;
    const credential = { login: user, password, fingerprint: "", clientAddress: "" };
    const silence = { log: quiet, silenceMs: 60_000 };
    const connection = await ImapConnection.open(server, credential, silence);
    await connection.select("INBOX");
    assert.equal(await removeAll(connection, 4), 0);
    await other.noop();
    const left = await other.fetchAll("1:*", { uid: true, flags: true }, { uid: true });
    const states = left.map(({ uid, flags }) => [uid, flags?.has("\\Deleted") === true]);
    assert.deepEqual(states, [
      [4, false],
      [5, true],
    ]);
    connection.drop();
  });
}
