/** Two gateway processes over one database: one device's requests go to either, and they behave as one. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before, test } from "node:test";
import type { ImapFlow } from "imapflow";
import { EasClient } from "../client/client.ts";
import { Phone, type SyncWishes } from "../client/phone.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";
import { Chance } from "../sync/chance.ts";
import { openProcesses, type GatewayProcess, type GatewayProcesses } from "./processes.ts";

/** How long a process that gives no sign of life keeps a collection. */
const leaseSeconds = 30;

let mail: MailServers;
let processes: GatewayProcesses;
let one: GatewayProcess;
let other: GatewayProcess;

before(async () => {
  mail = await mailServers();
  processes = await openProcesses(mail);
  // In turn: the first one makes what both share.
  one = await processes.start();
  other = await processes.start();
});

after(async () => {
  await processes?.[Symbol.asyncDispose]();
  await mail?.stop();
});

function phoneOf(user: string, version: "14.1" | "16.1" = "14.1"): Phone {
  return new Phone({ url: one.url, user, password, version });
}

/** The same device at the other process. */
function twin({ client }: Phone, url = other.url): EasClient {
  return new EasClient({ ...client.options, deviceId: client.deviceId, url });
}

/** A fresh user whose device talks to both processes; another client looks on. */
async function openPair({
  mails = 0,
  version,
}: { readonly mails?: number; readonly version?: "16.1" } = {}) {
  await using stack = new AsyncDisposableStack();
  const user = mail.freshUser();
  for (let count = 0; count < mails; count++) {
    await mail.deliver(user, mimeOf(user, `mail ${count}`));
  }
  const phone = stack.use(phoneOf(user, version));
  const second = stack.use(twin(phone));
  const imap = stack.use(await mail.imapClient(user));
  await phone.folderSync();
  const kept = stack.move();
  return { user, phone, second, imap, [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

function mimeOf(user: string, subject: string): Buffer {
  return Buffer.from(`From: <${user}>\r\nTo: <${user}>\r\nSubject: ${subject}\r\n\r\nWords.\r\n`);
}

async function countOf(client: ImapFlow, path: string): Promise<number> {
  const status = await client.status(path, { messages: true });
  return status === false ? 0 : (status.messages ?? 0);
}

/** Looks until something holds; fails after a bounded time. */
async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const deadline = performance.now() + 20_000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `${what}: not within 20 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test("Two processes: the same Sync to both at the same moment is answered alike, and its uploads act once", async () => {
  await using pair = await openPair({ mails: 5 });
  const { user, phone, second, imap } = pair;
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox);
  for (const [serverId] of [...phone.mails(inbox)].slice(0, 4)) {
    await mail.deliver(user, mimeOf(user, "meanwhile"));
    const Commands = [{ Delete: { ServerId: serverId } }];
    const Collection = [phone.asked(inbox, { Commands })];
    const request = { Collections: { Collection } };
    const [answer, again] = await Promise.all([
      phone.client.send("Sync", request),
      second.send("Sync", request),
    ]);
    assert.deepEqual(again.body, answer.body);
    assert.equal(phone.apply(inbox, answer).status, 1);
    phone.edit(inbox, serverId, undefined);
  }
  await phone.syncAll(inbox);
  assert.equal(await countOf(imap, "Trash"), 4);
  assert.equal(await countOf(imap, "INBOX"), phone.mails(inbox).size);
});

test("Two processes: the same first Sync and FolderSync to both at the same moment leave a key that holds", async () => {
  const user = mail.freshUser();
  await mail.deliver(user, mimeOf(user, "one"));
  using phone = phoneOf(user);
  using second = twin(phone);
  const folders = { SyncKey: "0" };
  const [hierarchy, hierarchyAgain] = await Promise.all([
    phone.client.send("FolderSync", folders),
    second.send("FolderSync", folders),
  ]);
  for (const { body } of [hierarchy, hierarchyAgain]) assert.equal(body?.Status, 1);
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  const request = { Collections: { Collection: [phone.asked(inbox)] } };
  const answers = await Promise.all([
    phone.client.send("Sync", request),
    second.send("Sync", request),
  ]);
  // Whichever answer came later on the way is the one that a device goes on with: only one key can hold.
  const keys = answers.map(({ body }) => body?.Collections?.Collection[0]?.SyncKey ?? "");
  const held: number[] = [];
  for (const key of new Set(keys)) {
    phone.forgetAnswer(inbox, key);
    const brought = await phone.sync(inbox);
    if (brought.status === 1) held.push(brought.adds.length);
  }
  assert.deepEqual(held, [1]);
});

test("Two processes: one that lost its lease while it stood still says what the other one answered", async () => {
  const user = mail.freshUser();
  for (let count = 0; count < 3; count++) await mail.deliver(user, mimeOf(user, `mail ${count}`));
  await using slow = await processes.start();
  await using later = await processes.start(leaseSeconds + 1);
  using phone = phoneOf(user);
  phone.moveTo(slow.url);
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox);
  const [serverId = ""] = phone.mails(inbox).keys();
  await mail.deliver(user, mimeOf(user, "meanwhile"));
  const Collection = [phone.asked(inbox, { Commands: [{ Delete: { ServerId: serverId } }] })];
  const request = { Collections: { Collection } };
  const stands = slow.stopAt("after list");
  const first = phone.client.send("Sync", request);
  await stands;
  using second = twin(phone, later.url);
  const answer = await second.send("Sync", request);
  slow.goOn();
  assert.deepEqual((await first).body, answer.body);
  assert.equal(phone.apply(inbox, answer).status, 1);
  phone.edit(inbox, serverId, undefined);
  phone.moveTo(later.url);
  assert.equal(await phone.syncAll(inbox), 1);
  assert.equal(phone.mails(inbox).size, 3);
});

test("Two processes: the same FolderCreate to both makes one folder, and a Ping held elsewhere ends at once", async (t) => {
  const user = mail.freshUser();
  using phone = phoneOf(user);
  using second = twin(phone);
  using tablet = phoneOf(user);
  await phone.folderSync();
  tablet.moveTo(other.url);
  await tablet.folderSync();
  const collectionIds = [tablet.folderOfType(2)];
  const ping = tablet.ping({ heartbeatSeconds: 900, collectionIds });
  await until(async () => (await other.held()) === 1, "the Ping is held");
  const began = performance.now();
  const place = { ParentId: "0", DisplayName: "New", Type: 12 };
  const request = { SyncKey: phone.hierarchyKey, ...place };
  const [made, again] = await Promise.all([
    phone.client.send("FolderCreate", request),
    second.send("FolderCreate", request),
  ]);
  assert.deepEqual([made.body?.Status, made.body], [1, again.body]);
  assert.equal((await ping).Status, 7);
  const wokenMs = Math.round(performance.now() - began);
  t.diagnostic(`woken after ${wokenMs} ms`);
  assert.ok(wokenMs < 2_000, "without waiting for quiet");
  await tablet.folderSync();
  assert.equal(tablet.folderNamed("New"), made.body?.ServerId);
});

test("Two processes: the same MoveItems to both, in turn and at the same moment, moves each mail once to one id", async () => {
  await using pair = await openPair({ mails: 6 });
  const { phone, second, imap } = pair;
  const [inbox, trash] = [phone.folderOfType(2), phone.folderOfType(4)];
  await phone.syncAll(inbox);
  await phone.syncAll(trash);
  const all = [...phone.mails(inbox).keys()];
  const told: string[] = [];
  for (const isAtOnce of [true, false, true]) {
    const ids = all.splice(0, 2);
    const request = {
      Move: ids.map((SrcMsgId) => ({ SrcMsgId, SrcFldId: inbox, DstFldId: [trash] })),
    };
    const [answer, again] = isAtOnce
      ? await Promise.all([
          phone.client.send("MoveItems", request),
          second.send("MoveItems", request),
        ])
      : [await phone.client.send("MoveItems", request), await second.send("MoveItems", request)];
    assert.deepEqual(again.body, answer.body);
    for (const { Status, DstMsgId = "" } of answer.body?.Response ?? []) {
      assert.equal(Status, 3);
      told.push(DstMsgId);
    }
  }
  assert.deepEqual([await countOf(imap, "INBOX"), await countOf(imap, "Trash")], [0, 6]);
  assert.equal((await phone.sync(inbox)).deletes.length, 6);
  assert.deepEqual((await phone.sync(trash)).adds.toSorted(), told.toSorted());
});

test("Two processes: the same Move of a conversation to both, in turn and at the same moment, moves it once", async () => {
  await using pair = await openPair();
  const { user, phone, second, imap } = pair;
  const [inbox, trash] = [phone.folderOfType(2), phone.folderOfType(4)];
  for (const [at, isAtOnce] of [true, false].entries()) {
    for (const mime of [1, 2, 3].map((each) => threadedOf(user, `${at}`, each))) {
      await mail.deliver(user, mime);
    }
    await phone.syncAll(inbox);
    const [{ ConversationId } = {}] = phone.mails(inbox).values();
    const Options = { MoveAlways: true as const };
    const request = [{ Move: { ConversationId, DstFldId: trash, Options } }];
    const send = [phone.client, second].map((client) => async () => {
      return (await client.send("ItemOperations", request)).body?.Response?.Move;
    });
    const answers = isAtOnce
      ? await Promise.all(send.map((each) => each()))
      : [await send[0]?.(), await send[1]?.()];
    for (const answer of answers) assert.deepEqual(answer, [{ Status: 1, ConversationId }]);
    assert.deepEqual(
      [await countOf(imap, "INBOX"), await countOf(imap, "Trash")],
      [0, 3 * (at + 1)],
    );
    await phone.syncAll(inbox);
    assert.equal(phone.mails(inbox).size, 0);
  }
});

function threadedOf(user: string, root: string, at: number): Buffer {
  const ids = `Message-ID: <${at}.${root}.${user}>\r\nReferences: <${root}.${user}>\r\n`;
  return Buffer.concat([Buffer.from(ids), mimeOf(user, `thread ${root}`)]);
}

test("Two processes: the same FolderUpdate and FolderDelete to both, in turn and at the same moment, act once", async () => {
  await using pair = await openPair();
  const { phone, second, imap } = pair;
  for (const isAtOnce of [true, false]) {
    const ServerId = await phone.createFolder("Plans");
    const place = { ServerId, ParentId: "0", DisplayName: "Ideas" };
    const send = async (name: "FolderUpdate" | "FolderDelete") => {
      const SyncKey = phone.hierarchyKey;
      const asked = [phone.client, second].map((client) => async () => {
        if (name === "FolderUpdate") return (await client.send(name, { SyncKey, ...place })).body;
        return (await client.send(name, { SyncKey, ServerId })).body;
      });
      const [answer, again] = isAtOnce
        ? await Promise.all(asked.map((each) => each()))
        : [await asked[0]?.(), await asked[1]?.()];
      assert.equal(answer?.Status, 1, name);
      assert.deepEqual(again, answer, name);
      phone.hierarchyKey = answer.SyncKey ?? "";
      return (await imap.list()).map(({ path }) => path);
    };
    const renamed = await send("FolderUpdate");
    assert.deepEqual([renamed.includes("Ideas"), renamed.includes("Plans")], [true, false]);
    const left = await send("FolderDelete");
    assert.equal(left.includes("Ideas"), false);
    phone.folders.delete(ServerId);
    const known = Object.fromEntries(phone.folders);
    assert.equal(await phone.folderSync(), 1);
    assert.deepEqual(Object.fromEntries(phone.folders), known);
  }
});

test("Two processes: the same SendMail to both at the same moment is sent once", async () => {
  await using pair = await openPair();
  const { user, phone, second, imap } = pair;
  for (let count = 1; count <= 3; count++) {
    const request = {
      ClientId: randomUUID(),
      SaveInSentItems: true as const,
      Mime: mimeOf(user, `sent ${count}`),
    };
    const answers = await Promise.all([
      phone.client.send("SendMail", request),
      second.send("SendMail", request),
    ]);
    for (const { httpStatus, body } of answers)
      assert.deepEqual([httpStatus, body], [200, undefined]);
  }
  await until(async () => (await countOf(imap, "INBOX")) >= 3, "three mails arrive");
  await until(async () => (await countOf(imap, "Sent")) >= 3, "three copies are filed");
  // One more, sent after them, comes last: what was doubled would be here before it.
  assert.equal(await phone.sendMail(mimeOf(user, "the last")), 1);
  await until(async () => (await countOf(imap, "INBOX")) >= 4, "the last mail arrives");
  assert.equal(await countOf(imap, "INBOX"), 4);
  assert.equal(await countOf(imap, "Sent"), 4);
});

/** A mail to another user. */
function letterTo(to: string, subject: string): Buffer {
  return Buffer.from(`To: <${to}>\r\nSubject: ${subject}\r\n\r\nSee below.\r\n`);
}

/** Sends an answer to both processes; both take it. */
async function answerToBoth(
  clients: readonly EasClient[],
  command: "SmartForward" | "SmartReply",
  { isAtOnce, ...about }: { isAtOnce: boolean; source: readonly [string, string]; Mime: Buffer },
): Promise<void> {
  const [FolderId, ItemId] = about.source;
  const named = { ClientId: randomUUID(), Source: { FolderId, ItemId } };
  const request = { ...named, SaveInSentItems: true as const, Mime: about.Mime };
  const sends = clients.map((client) => async () => {
    const { httpStatus, body } = await client.send(command, request);
    assert.deepEqual([httpStatus, body], [200, undefined]);
  });
  if (isAtOnce) await Promise.all(sends.map((send) => send()));
  else for (const send of sends) await send();
}

for (const [command, flag, verb] of [
  ["SmartForward", "$Forwarded", 3],
  ["SmartReply", "\\Answered", 1],
] as const) {
  test(`Two processes: the same ${command} to both, in turn and at the same moment, is sent once and shows once`, async () => {
    await using pair = await openPair({ mails: 1 });
    const { phone, second, imap } = pair;
    const to = mail.freshUser();
    await using recipient = await mail.imapClient(to);
    const inbox = phone.folderOfType(2);
    await phone.syncAll(inbox);
    const [ItemId = ""] = phone.mails(inbox).keys();
    const times: unknown[] = [];
    // The same mail each time: from the second time on its flag is there already.
    for (const [at, isAtOnce] of [true, false, true].entries()) {
      const answer = {
        isAtOnce,
        source: [inbox, ItemId],
        Mime: letterTo(to, `sent ${at}`),
      } as const;
      await answerToBoth([phone.client, second], command, answer);
      assert.deepEqual((await phone.sync(inbox)).changes, [ItemId]);
      assert.deepEqual((await phone.sync(inbox)).changes, [], "it is told once");
      const shown = phone.mails(inbox).get(ItemId);
      assert.equal(shown?.LastVerbExecuted, verb);
      times.push(shown.LastVerbExecutionTime?.getTime());
      await until(async () => (await countOf(recipient, "INBOX")) > at, "the mail arrives");
    }
    assert.equal(new Set(times).size, 3);
    // One more, sent after them, comes last: what was doubled would be here before it.
    assert.equal(await phone.sendMail(letterTo(to, "the last")), 1);
    await until(async () => (await countOf(recipient, "INBOX")) >= 4, "the last mail arrives");
    assert.deepEqual([await countOf(recipient, "INBOX"), await countOf(imap, "Sent")], [4, 4]);
    await imap.mailboxOpen("INBOX");
    const original = await imap.fetchOne("1", { flags: true });
    assert.ok(original && original.flags?.has(flag));
  });
}

/** A Sync of Drafts with one command. */
function draftSync(phone: Phone, command: NonNullable<SyncWishes["Commands"]>[number]) {
  const drafts = phone.folderOfType(3);
  const Collection = [phone.asked(drafts, { Commands: [command] })];
  return { Collections: { Collection } };
}

function draftOf(Subject: string, To = "somebody@example.test") {
  return { Email: { To, Subject, Body: { Type: 1, Data: `Words of ${Subject}.` } } };
}

/** Sends it to both processes at the same moment; both answer alike. */
async function toBoth(
  phone: Phone,
  second: EasClient,
  command: NonNullable<SyncWishes["Commands"]>[number],
) {
  const request = draftSync(phone, command);
  const [answer, again] = await Promise.all([
    phone.client.send("Sync", request),
    second.send("Sync", request),
  ]);
  assert.deepEqual(again.body, answer.body);
  return phone.apply(phone.folderOfType(3), answer);
}

test("Two processes: a draft that is written, changed and sent by both at the same moment is there once and sent once", async () => {
  await using pair = await openPair({ version: "16.1" });
  const { user, phone, second, imap } = pair;
  const drafts = phone.folderOfType(3);
  await phone.syncAll(drafts);
  for (let turn = 1; turn <= 3; turn++) {
    const ClientId = randomUUID();
    const add = { Add: { ClientId, ApplicationData: draftOf("first") } };
    const [added] = (await toBoth(phone, second, add)).responses;
    const ServerId = (added && "Add" in added ? added.Add.ServerId : undefined) ?? "";
    phone.edit(drafts, ServerId, { Subject: "first" });
    const change = { Change: { ServerId, ApplicationData: draftOf("second") } };
    const changed = await toBoth(phone, second, change);
    assert.deepEqual([changed.responses, changed.adds, changed.deletes], [[], [], []]);
    assert.equal(await countOf(imap, "Drafts"), 1);
    const ApplicationData = draftOf(`sent ${turn}`, user);
    const sent = await toBoth(phone, second, { Change: { ServerId, Send: true, ApplicationData } });
    assert.deepEqual([sent.responses, sent.deletes], [[], [ServerId]]);
    const another = { Add: { ClientId: randomUUID(), Send: true as const, ApplicationData } };
    await toBoth(phone, second, another);
  }
  await until(async () => (await countOf(imap, "INBOX")) >= 6, "all mails arrive");
  // One more, sent after them, comes last: what was doubled would be here before it.
  assert.equal(await phone.sendMail(mimeOf(user, "the last")), 1);
  await until(async () => (await countOf(imap, "INBOX")) >= 7, "the last mail arrives");
  const counts = ["INBOX", "Sent", "Drafts"].map((path) => countOf(imap, path));
  assert.deepEqual(await Promise.all(counts), [7, 7, 0]);
});

test("Two processes: a draft that two devices send at the same moment, one at each, is sent once", async () => {
  const user = mail.freshUser();
  using phone = phoneOf(user, "16.1");
  using tablet = phoneOf(user, "16.1");
  await using imap = await mail.imapClient(user);
  await phone.folderSync();
  tablet.moveTo(other.url);
  await tablet.folderSync();
  const drafts = phone.folderOfType(3);
  for (const each of [phone, tablet]) await each.syncAll(drafts);
  for (let turn = 1; turn <= 3; turn++) {
    const add = {
      Add: { ClientId: randomUUID(), ApplicationData: draftOf(`draft ${turn}`, user) },
    };
    phone.apply(drafts, await phone.client.send("Sync", draftSync(phone, add)));
    await tablet.syncAll(drafts);
    const [ServerId = ""] = tablet.mails(drafts).keys();
    phone.edit(drafts, ServerId, { Subject: `draft ${turn}` });
    const both = [phone, tablet].map(async (each) => {
      const sending = { Change: { ServerId, Send: true as const } };
      const answer = await each.client.send("Sync", draftSync(each, sending));
      const [told] = each.apply(drafts, answer).responses;
      return told && "Change" in told ? told.Change.Status : 1;
    });
    assert.deepEqual(
      (await Promise.all(both)).toSorted((a, b) => a - b),
      [1, 8],
    );
    for (const each of [phone, tablet]) await each.syncAll(drafts);
    assert.equal(await countOf(imap, "Drafts"), 0);
  }
  // One more, sent after them, comes last: what was doubled would be here before it.
  assert.equal(await phone.sendMail(mimeOf(user, "the last")), 1);
  await until(async () => (await countOf(imap, "INBOX")) >= 4, "the last mail arrives");
  const counts = ["INBOX", "Sent"].map((path) => countOf(imap, path));
  assert.deepEqual(await Promise.all(counts), [4, 4]);
});

for (const stop of ["after append", "change aliased", "before remove"] as const) {
  test(`Two processes: a draft's change that stood still at "${stop}" while the other one made it is made once`, async () => {
    const user = mail.freshUser();
    await using slow = await processes.start();
    await using later = await processes.start(leaseSeconds + 1);
    using phone = phoneOf(user, "16.1");
    phone.moveTo(slow.url);
    await using imap = await mail.imapClient(user);
    await phone.folderSync();
    const drafts = phone.folderOfType(3);
    await phone.syncAll(drafts);
    const add = { Add: { ClientId: "c1", ApplicationData: draftOf("first") } };
    phone.apply(drafts, await phone.client.send("Sync", draftSync(phone, add)));
    const ServerId = `${drafts}:1`;
    phone.edit(drafts, ServerId, { Subject: "first" });
    const change = { Change: { ServerId, ApplicationData: draftOf("second") } };
    const request = draftSync(phone, change);
    const stands = slow.stopAt(stop);
    const first = phone.client.send("Sync", request);
    await stands;
    using second = twin(phone, later.url);
    const answer = await second.send("Sync", request);
    slow.goOn();
    assert.deepEqual((await first).body, answer.body);
    assert.deepEqual(phone.apply(drafts, answer).responses, []);
    phone.moveTo(later.url);
    const { adds, changes, deletes } = await phone.sync(drafts);
    assert.deepEqual([adds, changes, deletes], [[], [], []]);
    assert.equal(await countOf(imap, "Drafts"), 1);
  });
}

test("Two processes: two devices that change one draft at the same moment lose neither text", async () => {
  const user = mail.freshUser();
  using phone = phoneOf(user, "16.1");
  using tablet = phoneOf(user, "16.1");
  tablet.moveTo(other.url);
  await using imap = await mail.imapClient(user);
  for (const device of [phone, tablet]) {
    await device.folderSync();
    await device.syncAll(device.folderOfType(3));
  }
  const drafts = phone.folderOfType(3);
  const add = { Add: { ClientId: "c1", ApplicationData: draftOf("first") } };
  phone.apply(drafts, await phone.client.send("Sync", draftSync(phone, add)));
  const ServerId = `${drafts}:1`;
  phone.edit(drafts, ServerId, { Subject: "first" });
  await tablet.syncAll(drafts);
  for (let turn = 1; turn <= 4; turn++) {
    const edits = [phone, tablet].map((device, at) => {
      const subject = `${at === 0 ? "phone" : "tablet"} ${turn}`;
      return { device, subject, change: { ServerId, ApplicationData: draftOf(subject) } };
    });
    const answers = await Promise.all(
      edits.map(({ device, change }) =>
        device.client.send("Sync", draftSync(device, { Change: change })),
      ),
    );
    const statuses = edits.map(({ device }, at) => {
      const [response] = device.apply(drafts, answers[at]!).responses;
      return response && "Change" in response ? response.Change.Status : 1;
    });
    assert.deepEqual(new Set(statuses), new Set([1, 7]));
    for (const [at, { device, subject }] of edits.entries()) {
      if (statuses[at] === 1) device.edit(drafts, ServerId, { Subject: subject });
    }
    for (const { device } of edits) await device.syncAll(drafts);
    const shown = [phone, tablet].map((device) =>
      Object.fromEntries([...device.mails(drafts)].map(([id, { Subject }]) => [id, Subject])),
    );
    assert.deepEqual(shown[0], shown[1]);
    const subjects = [...phone.mails(drafts).values()].map(({ Subject }) => Subject);
    for (const { subject } of edits) assert.ok(subjects.includes(subject), `${subject} is there`);
    assert.equal(await countOf(imap, "Drafts"), turn + 1);
  }
});

test("Two processes: a Ping that one holds ends when a newer one comes to the other", async (t) => {
  const user = mail.freshUser();
  using phone = phoneOf(user);
  using second = twin(phone);
  await phone.folderSync();
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox);
  const Folders = { Folder: [{ Id: inbox, Class: "Email" as const }] };
  const request = { HeartbeatInterval: 900, Folders };
  const endedMs: number[] = [];
  let at = { client: phone.client, process: one };
  let next = { client: second, process: other };
  let held = at.client.send("Ping", request);
  for (let turn = 0; turn < 4; turn++) {
    const { process } = at;
    await until(async () => (await process.held()) === 1, "the request is held");
    const began = performance.now();
    const newer = next.client.send("Ping", request);
    assert.equal((await held).body?.Status, 1, "the older Ping says that nothing changed");
    endedMs.push(Math.round(performance.now() - began));
    held = newer;
    [at, next] = [next, at];
  }
  // The newest one still waits, and is told of a mail.
  await mail.deliver(user, mimeOf(user, "arrival"));
  assert.equal((await held).body?.Status, 2);
  t.diagnostic(`ended after ${endedMs.join(", ")} ms`);
  assert.ok(Math.max(...endedMs) < 1000, "within a second");
});

for (const seed of [1, 2]) {
  test(`Two processes: a history of requests to either of them leaves phone and server equal (seed ${seed})`, async () => {
    const chance = new Chance(seed);
    const user = mail.freshUser();
    for (let count = 0; count < 8; count++) await mail.deliver(user, mimeOf(user, `mail ${count}`));
    using phone = phoneOf(user);
    await using imap = await mail.imapClient(user);
    await phone.folderSync();
    const inbox = phone.folderOfType(2);
    await phone.syncAll(inbox);
    for (let step = 0; step < 40; step++) {
      phone.moveTo(chance.one([one, other]).url);
      if (chance.happens(0.4)) await mail.deliver(user, mimeOf(user, `step ${step}`));
      if (chance.happens(0.3)) await flagOne(imap, chance);
      await uploadSome(phone, inbox, chance);
    }
    await phone.syncAll(inbox);
    assert.deepEqual(onPhone(phone, inbox), await onServer(imap));
  });
}

async function flagOne(imap: ImapFlow, chance: Chance): Promise<void> {
  const lock = await imap.getMailboxLock("INBOX");
  await imap.noop();
  const uids = (await imap.search({ all: true }, { uid: true })) || [];
  if (uids.length > 0) {
    const uid = String(chance.one(uids));
    if (chance.happens(0.6)) await imap.messageFlagsAdd(uid, ["\\Flagged"], { uid: true });
    else await imap.messageDelete(uid, { uid: true });
  }
  lock.release();
}

/** One Sync with uploads, sometimes lost and repeated, sometimes to both at once. */
async function uploadSome(phone: Phone, inbox: string, chance: Chance): Promise<void> {
  const mails = [...phone.mails(inbox)];
  const touched = chance.happens(0.6) ? chance.some(mails, 2) : [];
  const doomed = mails.filter((entry) => !touched.includes(entry) && chance.happens(0.04));
  const commands = [
    ...touched.map(([ServerId, { Read }]) => ({
      Change: { ServerId, ApplicationData: { Email: { Read: Read !== true } } },
    })),
    ...doomed.map(([ServerId]) => ({ Delete: { ServerId } })),
  ];
  const WindowSize = chance.between(1, 4);
  // An empty Commands would be malformed.
  const wishes: SyncWishes = { WindowSize, ...(commands.length > 0 ? { Commands: commands } : {}) };
  const request = { Collections: { Collection: [phone.asked(inbox, wishes)] } };
  using second = twin(phone);
  if (chance.happens(0.3)) await phone.client.send("Sync", request);
  const [answer] = chance.happens(0.3)
    ? await Promise.all([phone.client.send("Sync", request), second.send("Sync", request)])
    : [await phone.client.send("Sync", request)];
  const { status, responses } = phone.apply(inbox, answer);
  assert.equal(status, 1);
  const refused = new Set(
    responses.flatMap((each) => ("Change" in each ? each.Change.ServerId : [])),
  );
  for (const [serverId, { Read }] of touched) {
    // Status 8: another client deleted it, and the Delete follows or came with this answer.
    if (!refused.has(serverId) && phone.mails(inbox).has(serverId))
      phone.edit(inbox, serverId, { Read: Read !== true });
  }
  for (const [serverId] of doomed) phone.edit(inbox, serverId, undefined);
}

function onPhone(phone: Phone, inbox: string): unknown {
  return Object.fromEntries(
    [...phone.mails(inbox)].map(([id, { Read, Flag }]) => {
      return [id.slice(id.indexOf(":") + 1), [Read === true, Flag?.Status === 2]];
    }),
  );
}

async function onServer(imap: ImapFlow): Promise<unknown> {
  const lock = await imap.getMailboxLock("INBOX");
  await imap.noop();
  const shown: [string, [boolean, boolean]][] = [];
  for await (const { uid, flags } of imap.fetch("1:*", { uid: true, flags: true })) {
    shown.push([String(uid), [flags?.has("\\Seen") === true, flags?.has("\\Flagged") === true]]);
  }
  lock.release();
  return Object.fromEntries(shown);
}
