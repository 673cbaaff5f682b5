/** Whole conversations (ConversationMode) over servers that know their threads and those that do not. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Phone } from "../client/phone.ts";
import { through } from "../rig/counting-way.ts";
import { startGateway } from "../rig/gateway.ts";
import { startImapProxy } from "../rig/mail/proxy.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";

const dayMs = 86_400_000;

let mail: MailServers;

before(async () => {
  mail = await mailServers();
});

after(() => mail?.stop());

function mime(id: number, answers: number | undefined): Buffer {
  const parent = answers === undefined ? "" : `In-Reply-To: <${answers}@x.test>\r\n`;
  return Buffer.from(
    `From: a@x.test\r\nMessage-ID: <${id}@x.test>\r\n${parent}Subject: mail ${id}\r\n\r\nWords.\r\n`,
  );
}

for (const without of [[], ["THREAD=REFS", "THREAD=REFERENCES", "THREAD=ORDEREDSUBJECT"]]) {
  const server = without.length === 0 ? "that has THREAD" : "without THREAD";
  test(`Conversations: a server ${server} is asked for them only when there is news`, async () => {
    await using proxy = await startImapProxy(mail.imap.port, { without });
    await using gateway = await startGateway(mail, { configure: through(proxy.port) });
    const user = mail.freshUser();
    const old = new Date(Date.now() - 40 * dayMs);
    const mails = [1, 2, 3, 4].map((id) => ({
      mime: mime(id, id === 2 ? 1 : undefined),
      received: old,
    }));
    await mail.seed(user, "INBOX", [...mails, { mime: mime(5, 2) }]);
    using phone = new Phone({ url: gateway.url, user, password, version: "16.1" });
    await phone.folderSync();
    const inbox = phone.folderOfType(2);
    const ids = () =>
      [...phone.mails(inbox).keys()]
        .map((each) => Number(each.split(":")[1]))
        .toSorted((one, other) => one - other);
    await phone.syncAll(inbox, {
      ConversationMode: true,
      Options: [{ FilterType: 3, BodyPreference: [] }],
    });
    assert.deepEqual(ids(), [1, 2, 5]);
    const asked = () => proxy.said.filter((line) => /THREAD|IN-REPLY-TO/.test(line)).length;
    const askedUntilNow = asked();
    await phone.sync(inbox);
    assert.equal(asked(), askedUntilNow, "a Sync without news asks for no conversation");
    await mail.deliver(user, mime(6, 4));
    await phone.syncAll(inbox);
    assert.deepEqual(ids(), [1, 2, 4, 5, 6]);
    assert.ok(asked() > askedUntilNow);
    assert.deepEqual(proxy.refused, []);
  });
}
