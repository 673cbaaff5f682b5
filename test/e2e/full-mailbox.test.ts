/** A mailbox that is full: what still works, and what the device is told of the rest. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Phone } from "../client/phone.ts";
import { startGateway, type TestGateway } from "../rig/gateway.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";

let mail: MailServers;
let gateway: TestGateway;

before(async () => {
  mail = await mailServers();
  gateway = await startGateway(mail);
});

after(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await mail?.stop();
});

function letter(to: string, bodyBytes: number): Buffer {
  const body = "A line of a letter that is long enough.\r\n".repeat(Math.ceil(bodyBytes / 41));
  return Buffer.from(`To: <${to}>\r\nSubject: long letter\r\n\r\n${body}`);
}

async function countOf(user: string, folder: string): Promise<number> {
  const client = await mail.imapClient(user);
  try {
    const status = await client.status(folder, { messages: true });
    return status === false ? 0 : (status.messages ?? 0);
  } finally {
    await client.logout();
  }
}

test("Full mailbox: a mail is sent though no copy can be kept; marking and deleting go on", async () => {
  for (const version of ["12.1", "14.1"] as const) {
    const [user, other] = [mail.freshUser("full"), mail.freshUser()];
    const one = { mime: letter(user, 6_000) };
    await mail.seed(user, "INBOX", [one, one, one]);
    using phone = new Phone({ url: gateway.url, user, password, version });
    await phone.folderSync();
    const inbox = phone.folderOfType(2);
    await phone.syncAll(inbox);
    assert.equal(await phone.sendMail(letter(other, 5_000)), 1);
    while ((await countOf(other, "INBOX")) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.equal(await countOf(user, "Sent"), 0);
    const [first = "", second = ""] = phone.mails(inbox).keys();
    const change = { Change: { ServerId: first, ApplicationData: { Email: { Read: true } } } };
    const marked = await phone.sync(inbox, { Commands: [change] });
    assert.deepEqual([marked.status, marked.responses], [1, []]);
    const gone = { Delete: { ServerId: first } };
    const deleted = await phone.sync(inbox, { Commands: [gone], DeletesAsMoves: false });
    assert.deepEqual([deleted.status, deleted.responses], [1, []]);
    assert.equal(await countOf(user, "INBOX"), 2);
    const moved = await phone.sync(inbox, { Commands: [{ Delete: { ServerId: second } }] });
    assert.deepEqual([moved.status, moved.responses], [1, []]);
    assert.equal(await countOf(user, "Trash"), 1);
  }
});
