import assert from "node:assert/strict";
import { after, test } from "node:test";
import { startImapProxy } from "../../../test/rig/mail/proxy.ts";
import { mailServers, password } from "../../../test/rig/mail/servers.ts";
import { quiet } from "../../../test/rig/quiet-log.ts";
import { ImapConnection } from "./connection.ts";
import { threadsOf } from "./threads.ts";

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());
const mail = stack.use(await mailServers());

function mailOf(id: string, fields: Record<string, string>): Buffer {
  const told = Object.entries({ Subject: `about ${id}`, ...fields }).map((pair) => pair.join(": "));
  return Buffer.from([`Message-ID: <${id}@a.test>`, ...told, "", "Words.", ""].join("\r\n"));
}

for (const without of [
  [],
  ["THREAD=REFS"],
  ["THREAD=REFS", "THREAD=REFERENCES", "THREAD=ORDEREDSUBJECT"],
]) {
  test(`Threads without ${without.join(", ") || "any lack"}: mails that name each other, alone and by others`, async () => {
    const user = mail.freshUser();
    await using other = await mail.imapClient(user);
    const mails = [
      mailOf("root", {}),
      mailOf("alone", {}),
      mailOf("reply", { "In-Reply-To": "<root@a.test>" }),
      mailOf("far", { References: "<gone@a.test>\r\n <never@a.test>" }),
      mailOf("farther", { References: "<gone@a.test> <never@a.test> <far@a.test>" }),
      mailOf("last", {
        "In-Reply-To": "<reply@a.test>",
        References: "<root@a.test> <reply@a.test>",
      }),
    ];
    for (const each of mails) await other.append("INBOX", each);
    await using proxy = await startImapProxy(mail.imap.port, { without });
    const server = { host: "127.0.0.1", port: proxy.port, security: "plain" } as const;
    const credential = { login: user, password, fingerprint: "", clientAddress: "" };
    const silence = { log: quiet, silenceMs: 60_000 };
    const connection = await ImapConnection.open(server, credential, silence);
    await connection.select("INBOX");
    const threads = await threadsOf(connection, "INBOX");
    const sorted = threads.map((thread) => thread.toSorted((one, two) => one - two));
    assert.deepEqual(
      new Set(sorted),
      new Set([
        [1, 3, 6],
        [4, 5],
      ]),
    );
    assert.equal(
      proxy.said.some((line) => line.startsWith("UID THREAD")),
      without.length < 3,
    );
    assert.deepEqual(proxy.refused, []);
    connection.drop();
  });
}
