/** A mailbox that is full: what still works, and what the device is told of the rest. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Config } from "../../src/config.ts";
import { Phone, type SyncWishes } from "../client/phone.ts";
import { startGateway, type TestGateway } from "../rig/gateway.ts";
import { startImapProxy, type ImapProxy } from "../rig/mail/proxy.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";

let mail: MailServers;
let gateway: TestGateway;
/** Over a mail server without MOVE. */
let poor: TestGateway;
let proxy: ImapProxy;

/** What will not do at another time either (MS-ASCMD 2.2.3.177.10): the phone must not repeat it for ever. */
const failed = 5;

before(async () => {
  mail = await mailServers();
  gateway = await startGateway(mail);
  proxy = await startImapProxy(mail.imap.port, { without: ["MOVE"] });
  poor = await startGateway(mail, { configure: (config) => over(proxy, config) });
});

after(async () => {
  await gateway?.[Symbol.asyncDispose]();
  await poor?.[Symbol.asyncDispose]();
  await proxy?.[Symbol.asyncDispose]();
  await mail?.stop();
});

function over({ port }: ImapProxy, config: Config): Config {
  const domains = config.domains.map((domain) => {
    const imap = { ...domain.imap, host: "127.0.0.1", port, security: "plain" } as const;
    return { ...domain, imap };
  });
  return { ...config, domains };
}

function letter(to: string, bodyBytes: number): Buffer {
  const body = "A line of a letter that is long enough.\r\n".repeat(Math.ceil(bodyBytes / 41));
  return Buffer.from(`To: <${to}>\r\nSubject: long letter\r\n\r\n${body}`);
}

/** A draft with so long a text. */
function draft(Subject: string, bodyBytes: number, To = "somebody@example.test") {
  const Data = letter(To, bodyBytes)
    .toString()
    .replace(/^.*?\r\n\r\n/s, "");
  return { Email: { To, Subject, Body: { Type: 1, Data } } };
}

async function subjectsOf(user: string, folder: string): Promise<string[]> {
  const client = await mail.imapClient(user);
  try {
    await client.mailboxOpen(folder, { readOnly: true });
    const mails = await client.fetchAll("1:*", { envelope: true });
    return mails.map(({ envelope }) => envelope?.subject ?? "");
  } finally {
    await client.logout();
  }
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

test("Full mailbox: mails move or stay, each with its Status, and none is lost", async () => {
  for (const withoutMove of [false, true]) {
    const user = mail.freshUser("full");
    const one = { mime: letter(user, 6_000) };
    await mail.seed(user, "INBOX", [one, one, one]);
    const gatewayUrl = withoutMove ? poor.url : gateway.url;
    using phone = new Phone({ url: gatewayUrl, user, password, version: "14.1" });
    await phone.folderSync();
    const [inbox, trash] = [phone.folderOfType(2), phone.folderOfType(4)];
    await phone.syncAll(inbox);
    await phone.syncAll(trash);
    const ids = [...phone.mails(inbox).keys()];
    const moved = await phone.moveItems(inbox, ids, trash);
    // A copy finds no room beside the mail; a server that moves needs none.
    const statuses = moved.map(({ Status }) => Status);
    assert.deepEqual(statuses, withoutMove ? [failed, failed, failed] : [3, 3, 3]);
    assert.deepEqual(await phone.moveItems(inbox, ids, trash), moved);
    const counts = [await countOf(user, "INBOX"), await countOf(user, "Trash")];
    assert.deepEqual(counts, withoutMove ? [3, 0] : [0, 3]);
    await phone.syncAll(inbox);
    await phone.syncAll(trash);
    assert.deepEqual([phone.mails(inbox).size, phone.mails(trash).size], counts);
  }
});

test("Full mailbox: a draft that finds no room stays as it was, and is sent all the same", async () => {
  for (const version of ["16.0", "16.1"] as const) {
    const [user, other] = [mail.freshUser("full"), mail.freshUser()];
    const one = { mime: letter(user, 6_000) };
    await mail.seed(user, "INBOX", [one, one]);
    using phone = new Phone({ url: gateway.url, user, password, version });
    await phone.folderSync();
    const drafts = phone.folderOfType(3);
    const write = async (command: NonNullable<SyncWishes["Commands"]>[number]) =>
      await phone.sync(drafts, { Commands: [command] });
    const added = { ClientId: "c1", ApplicationData: draft("at first", 3_500) };
    const first = await write({ Add: added });
    const [ServerId = ""] = first.responses.map(
      (each) => ("Add" in each && each.Add.ServerId) || "",
    );
    phone.edit(drafts, ServerId, { Subject: "at first" });
    // Status 9 (MS-ASCMD 2.2.3.177.17): there is no room for the new version beside the one before, nor for another.
    const longer = { Change: { ServerId, ApplicationData: draft("longer", 7_000) } };
    assert.deepEqual((await write(longer)).responses, [{ Change: { ServerId, Status: 9 } }]);
    const another = { ClientId: "c2", ApplicationData: draft("another", 7_000) };
    const refused = await write({ Add: another });
    assert.deepEqual(refused.responses, [{ Add: { ClientId: "c2", Status: 9 } }]);
    assert.deepEqual([refused.adds, refused.changes, refused.deletes], [[], [], []]);
    assert.deepEqual(await subjectsOf(user, "Drafts"), ["at first"]);
    // With room again the same change is made.
    const inbox = phone.folderOfType(2);
    await phone.syncAll(inbox);
    const [doomed = ""] = phone.mails(inbox).keys();
    await phone.sync(inbox, {
      Commands: [{ Delete: { ServerId: doomed } }],
      DeletesAsMoves: false,
    });
    phone.edit(inbox, doomed, undefined);
    assert.deepEqual((await write(longer)).responses, []);
    assert.deepEqual(await subjectsOf(user, "Drafts"), ["longer"]);
    await mail.seed(user, "INBOX", [{ mime: letter(user, 4_000) }]);
    const send = { ServerId, Send: true as const, ApplicationData: draft("sent", 7_000, other) };
    const sent = await write({ Change: send });
    assert.deepEqual([sent.status, sent.responses, sent.deletes], [1, [], [ServerId]]);
    while ((await countOf(other, "INBOX")) === 0) {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    assert.deepEqual(await subjectsOf(other, "INBOX"), ["sent"]);
    assert.deepEqual([await countOf(user, "Drafts"), await countOf(user, "Sent")], [0, 0]);
  }
});
