/** The mailbox over a real Dovecot: identities, special folders, deletes, copies in Sent, hints. */
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addAccount, Gateway, type TestAccount } from "../../test/mailbox/gateway.ts";
import { ScriptedMail } from "../../test/mailbox/scripted-mail.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { mailServers, password } from "../../test/rig/mail/servers.ts";
import { startImapProxy } from "../../test/rig/mail/proxy.ts";
import type { MailBackend } from "../backend.ts";
import { createImapBackend } from "../backends/imap/backend.ts";
import { systemClock } from "../kit/clock.ts";
import { listCollections } from "../store/collections.ts";
import type { Folder, Mailbox, MailboxEvent } from "./mailbox.ts";
import { quiet } from "../../test/rig/quiet-log.ts";

const stack = new AsyncDisposableStack();
after(() => stack.disposeAsync());
const { database } = stack.use(await openTestDatabase());
const servers = stack.use(await mailServers());

const surroundings = { clock: systemClock, log: quiet };
const { host, port } = servers.imap;
const backend = stack.use(createImapBackend({ host, port, security: "plain" }, surroundings));

const everything = { low: 1, high: 2 ** 32 - 1 };
const nothing = { epoch: "1", mark: 0n, next: 1, count: 0 };

/** A fresh user of Dovecot, another mail client of theirs, and a mailbox of the gateway. */
async function scene(of: MailBackend = backend) {
  await using parts = new AsyncDisposableStack();
  const user = servers.freshUser();
  const client = parts.adopt(await servers.imapClient(user), (each) => each.logout());
  const account = await addAccount(database);
  const login = { login: user, password, fingerprint: user, clientAddress: "192.0.2.1" };
  // Only the submission server is scripted here: its dialogs have tests of their own.
  const { transport } = new ScriptedMail();
  const gateway = parts.use(
    new Gateway(database, { backend: of, transport }, { credential: login }),
  );
  const mailbox = parts.use(await gateway.open(account));
  const kept = parts.move();
  return { account, client, gateway, mailbox, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function foldersOf(mailbox: Mailbox): Promise<readonly Folder[]> {
  const { items } = await (await mailbox.hierarchy()).changed(everything, nothing);
  return await mailbox.foldersOf(items.map((item) => item.number));
}

async function idOf(mailbox: Mailbox, name: string): Promise<string> {
  const found = (await foldersOf(mailbox)).find((folder) => folder.displayName === name);
  return found?.collectionId ?? "none";
}

async function count(mailbox: Mailbox, collectionId: string): Promise<number> {
  return (await (await mailbox.feed(collectionId)).position()).count;
}

function mime(account: TestAccount, body: string): Buffer {
  return Buffer.from(
    `From: ${account.email}\r\nTo: bob@example.test\r\nSubject: s\r\n\r\n${body}\r\n`,
  );
}

test("Dovecot: the special folders have their types, each once", async () => {
  await using at = await scene();
  const types = (await foldersOf(at.mailbox))
    .map((folder) => folder.type)
    .filter((type) => type < 12);
  assert.deepEqual(
    types.toSorted((one, other) => one - other),
    [2, 3, 4, 5, 6],
  );
});

test("Dovecot: a rename, also of a parent, keeps the ids; delete and create gives a new one", async () => {
  await using at = await scene();
  await at.client.mailboxCreate("A/B");
  const [a, b] = [await idOf(at.mailbox, "A"), await idOf(at.mailbox, "B")];
  await at.client.append("A/B", mime(at.account, "one"));
  const feed = await at.mailbox.feed(b);
  assert.equal((await feed.position()).count, 1);
  await at.client.mailboxRename("A", "Z");
  assert.equal((await feed.position()).count, 1, "in the middle of a request");
  assert.equal(await idOf(at.mailbox, "B"), b);
  const parent = (await at.mailbox.folder(b))?.parentId;
  assert.equal(parent, await idOf(at.mailbox, "Z"));
  assert.ok(a === parent || (await at.mailbox.folder(a)) === undefined);
  await at.client.mailboxDelete("Z/B");
  await at.client.mailboxCreate("Z/B");
  assert.notEqual(await idOf(at.mailbox, "B"), b);
  await assert.rejects(feed.position(), { fault: "no such folder" });
});

test("Dovecot without folder keys: a rename keeps the id by UIDVALIDITY, a new folder gets its own", async () => {
  await using proxy = await startImapProxy(port, { without: ["X-GUID", "OBJECTID"] });
  const place = { host, port: proxy.port, security: "plain" } as const;
  await using poor = createImapBackend(place, surroundings);
  await using at = await scene(poor);
  await at.client.mailboxCreate("Work");
  const work = await idOf(at.mailbox, "Work");
  await at.client.mailboxRename("Work", "Job");
  assert.equal(await idOf(at.mailbox, "Job"), work);
  await at.client.mailboxDelete("Job");
  await at.client.mailboxCreate("Job");
  assert.notEqual(await idOf(at.mailbox, "Job"), work);
  const { remoteKey } = (await listCollections(database, at.account.id)).at(-1) ?? {};
  assert.equal(remoteKey, "");
});

test("Dovecot: a delete goes to Trash, again is no fault, and in Trash is for good", async () => {
  await using at = await scene();
  await at.client.append("INBOX", mime(at.account, "one"));
  const [inbox, trash] = [await idOf(at.mailbox, "Inbox"), await idOf(at.mailbox, "Trash")];
  const first = await at.mailbox.remove(inbox, [1], true);
  const again = await at.mailbox.remove(inbox, [1], true);
  assert.deepEqual(
    [...first, ...again].map((each) => each.kind),
    ["done", "gone"],
  );
  assert.deepEqual([await count(at.mailbox, inbox), await count(at.mailbox, trash)], [0, 1]);
  await at.mailbox.remove(trash, [1], true);
  assert.equal(await count(at.mailbox, trash), 0);
});

test("Dovecot: a sent mail is filed in Sent once, read, also when the copy was there already", async () => {
  await using at = await scene();
  const sent = await idOf(at.mailbox, "Sent");
  const submission = { deviceId: at.account.deviceId, clientId: "1", saveInSent: true };
  const mail = { ...submission, mime: mime(at.account, "hello") };
  at.gateway.checkpoint = (step) => {
    if (step === "appended") throw new Error("the process ends here");
  };
  await assert.rejects(at.mailbox.send(mail, new AbortController().signal), /ends here/);
  at.gateway.checkpoint = () => {};
  await at.mailbox.send(mail, new AbortController().signal);
  assert.equal(await count(at.mailbox, sent), 1);
  const [item] = await at.mailbox.list(sent, [1]);
  assert.deepEqual([item?.flags.seen, item?.envelope.to[0]?.address], [true, "bob@example.test"]);
});

test("Dovecot: a file reference opens its part, and nothing in a folder with another UIDVALIDITY", async () => {
  await using at = await scene();
  await at.client.append("INBOX", mime(at.account, "the text"));
  const inbox = await idOf(at.mailbox, "Inbox");
  const reference = (await at.mailbox.references({ collectionId: inbox }))(1, "1");
  const found = await at.mailbox.resolve(reference);
  assert.ok(found !== undefined);
  const part = await at.mailbox.openPart(found);
  const chunks = await Array.fromAsync(part ?? []);
  assert.equal(Buffer.concat(chunks).toString().trim(), "the text");
  assert.equal(await at.mailbox.openPart({ ...found, epoch: "1" }), undefined);
});

test("Dovecot: a mail that arrives wakes the watcher of its collection", async () => {
  await using at = await scene();
  const inbox = await idOf(at.mailbox, "Inbox");
  const { promise, resolve } = Promise.withResolvers<MailboxEvent>();
  using _watch = await at.mailbox.watch([inbox], true, (event) => {
    // The hint of our own first listing may still be on its way.
    if (event.collectionId !== undefined) resolve(event);
  });
  await at.client.append("INBOX", mime(at.account, "new"));
  assert.equal((await promise).collectionId, inbox);
});
