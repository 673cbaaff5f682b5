/** A password that was changed while a phone waits: the waiting request must end, and ask for the new one. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Phone } from "../client/phone.ts";
import { startGateway } from "../rig/gateway.ts";
import { startImapProxy } from "../rig/mail/proxy.ts";
import { mailServers, type MailServers } from "../rig/mail/servers.ts";

let mail: MailServers;

before(async () => {
  mail = await mailServers();
});

after(() => mail?.stop());

test("Changed password: a held Ping whose watcher must sign in again ends with 401", async () => {
  await using proxy = await startImapProxy(mail.imap.port);
  await using gateway = await startGateway(mail, {
    configure: (config) => ({
      ...config,
      domains: config.domains.map((domain) => ({
        ...domain,
        imap: { ...domain.imap, host: "127.0.0.1", port: proxy.port, security: "plain" as const },
      })),
    }),
  });
  const user = mail.freshUser("own");
  await mail.setPassword(user, "first-one");
  using phone = new Phone({ url: gateway.url, user, password: "first-one", version: "14.1" });
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox);
  const Folder = [{ Id: inbox, Class: "Email" }];
  const ping = phone.client.send("Ping", { HeartbeatInterval: 900, Folders: { Folder } });
  await proxy.until(() => proxy.said.some((line) => /^IDLE/i.test(line)));
  await mail.setPassword(user, "second-one");
  proxy.breakAll();
  const { httpStatus, headers } = await ping;
  assert.equal(httpStatus, 401);
  assert.match(headers["www-authenticate"] ?? "", /^Basic realm=/);
  using renewed = new Phone({ url: gateway.url, user, password: "second-one", version: "14.1" });
  assert.equal(await renewed.folderSync(), 1, "the new password lets the user in");
});
