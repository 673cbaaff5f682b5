/** All that the gateway does with mail, played on one user's phone: any server must be up to it. */
import assert from "node:assert/strict";
import type { ImapFlow } from "imapflow";
import type { ResponseOf } from "../../schemas/commands.ts";
import type { StillClock } from "../../src/kit/still-clock.ts";
import type { Phone } from "../client/phone.ts";
import type { MailServers } from "../rig/mail/servers.ts";

/** A user: his phone, and another client of his at the server itself. */
export interface Scene {
  readonly mail: MailServers;
  readonly clock: StillClock;
  readonly user: string;
  readonly phone: Phone;
  readonly other: ImapFlow;
  /** Before the names of his folders, but INBOX. */
  readonly prefix: string;
  /** Requests that the gateway holds. */
  readonly held: () => number;
}

function letter(subject: string, to = "somebody@example.test"): Buffer {
  return Buffer.from(`To: <${to}>\r\nSubject: ${subject}\r\n\r\nWords of ${subject}.\r\n`);
}

/** Looks until something holds; fails after a bounded time. */
export async function until(holds: () => Promise<boolean> | boolean, what: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await holds())) {
    assert.ok(performance.now() < deadline, `${what}: not within 15 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** How many mails a folder has, but INBOX named without its prefix. */
export async function countOf({ other, prefix }: Scene, name: string): Promise<number> {
  const path = name === "INBOX" ? name : prefix + name;
  await other.noop();
  const status = await other.status(path, { messages: true });
  return status === false ? 0 : (status.messages ?? 0);
}

async function flagsOf({ other }: Scene, uid: number): Promise<readonly string[]> {
  await other.mailboxOpen("INBOX");
  const found = await other.fetchOne(String(uid), { flags: true }, { uid: true });
  assert.ok(found, `the server has the mail ${uid}`);
  return [...(found.flags ?? [])].filter((flag) => flag !== "\\Recent").toSorted();
}

/** A held Ping that something wakes; the clock goes on in steps until it is answered. */
async function wokenBy(
  { phone, clock, held }: Scene,
  collectionId: string,
  event: () => Promise<unknown>,
): Promise<ResponseOf<"Ping">> {
  const ping = phone.ping({ heartbeatSeconds: 3_000, collectionIds: [collectionId] });
  await until(() => held() === 1, "the Ping is held");
  await event();
  let isAnswered = false;
  void ping.finally(() => (isAnswered = true)).catch(() => undefined);
  await until(() => {
    if (!isAnswered) clock.advance(5_000);
    return isAnswered;
  }, "the Ping is answered");
  return await ping;
}

function upload(change: "read" | "unread" | "deleted", ServerId: string) {
  if (change === "deleted") return { Delete: { ServerId } };
  return { Change: { ServerId, ApplicationData: { Email: { Read: change === "read" } } } };
}

/** Plays a first Sync, flags, deletions, sending, folders of others and the phone's own. */
export async function playAll(scene: Scene): Promise<void> {
  const inbox = await playFirstSync(scene);
  await playFlags(scene, inbox);
  await playDeletes(scene, inbox);
  await playMoves(scene, inbox);
  await playConversation(scene, inbox);
  await playSend(scene, inbox);
  await playAnswers(scene, inbox);
  await playFolders(scene);
  await playFolderChanges(scene);
  await playSearch(scene);
}

async function playFirstSync({ mail, user, phone }: Scene): Promise<string> {
  const mails = ["one", "two", "three", "four", "five"].map((subject) => ({
    mime: letter(subject),
  }));
  await mail.seed(user, "INBOX", mails);
  assert.equal(await phone.folderSync(), 1);
  const types = new Set([...phone.folders.values()].map(({ type }) => type));
  // Inbox, Drafts, Deleted Items, Sent Items (MS-ASCMD 2.2.3.186.2).
  assert.ok(types.isSupersetOf(new Set([2, 3, 4, 5])));
  const inbox = phone.folderOfType(2);
  const rounds = await phone.syncAll(inbox, { WindowSize: 2 });
  assert.equal(rounds, 3);
  const subjects = [...phone.mails(inbox).values()].map(({ Subject }) => Subject);
  assert.deepEqual(subjects, ["five", "four", "three", "two", "one"]);
  return inbox;
}

async function playFlags(scene: Scene, inbox: string): Promise<void> {
  const { phone, other } = scene;
  const read = await phone.sync(inbox, { Commands: [upload("read", `${inbox}:1`)] });
  assert.deepEqual([read.status, read.responses, read.changes], [1, [], []]);
  assert.deepEqual(await flagsOf(scene, 1), ["\\Seen"]);
  const unread = await phone.sync(inbox, { Commands: [upload("unread", `${inbox}:1`)] });
  assert.deepEqual([unread.status, unread.responses, unread.changes], [1, [], []]);
  assert.deepEqual(await flagsOf(scene, 1), []);
  const woken = await wokenBy(scene, inbox, async () => {
    await other.messageFlagsAdd("2", ["\\Seen", "\\Flagged"], { uid: true });
  });
  assert.equal(woken.Status, 2);
  const { adds, changes, deletes } = await phone.sync(inbox);
  assert.deepEqual([adds, changes, deletes], [[], [`${inbox}:2`], []]);
  const { Read, Flag } = phone.mails(inbox).get(`${inbox}:2`) ?? {};
  assert.deepEqual([Read, Flag?.Status], [true, 2]);
}

async function playDeletes(scene: Scene, inbox: string): Promise<void> {
  const { phone, other } = scene;
  // What another client has marked and not yet expunged stays.
  await other.messageFlagsAdd("3", ["\\Deleted"], { uid: true });
  const moved = await phone.sync(inbox, { Commands: [upload("deleted", `${inbox}:1`)] });
  assert.deepEqual([moved.status, moved.responses], [1, []]);
  phone.edit(inbox, `${inbox}:1`, undefined);
  assert.deepEqual([await countOf(scene, "INBOX"), await countOf(scene, "Trash")], [4, 1]);
  const removed = await phone.sync(inbox, {
    Commands: [upload("deleted", `${inbox}:2`)],
    DeletesAsMoves: false,
  });
  assert.deepEqual([removed.status, removed.responses], [1, []]);
  phone.edit(inbox, `${inbox}:2`, undefined);
  assert.deepEqual([await countOf(scene, "INBOX"), await countOf(scene, "Trash")], [3, 1]);
  assert.deepEqual(await flagsOf(scene, 3), ["\\Deleted"]);
  await other.messageDelete("4", { uid: true });
  const brought = await phone.sync(inbox);
  assert.deepEqual([brought.adds, brought.changes], [[], []]);
  assert.deepEqual(brought.deletes, [`${inbox}:4`]);
  const quiet = await phone.sync(inbox);
  assert.deepEqual([quiet.adds, quiet.changes, quiet.deletes], [[], [], []]);
}

/** Two mails move, one of them twice; the repeat of a request moves nothing. */
async function playMoves(scene: Scene, inbox: string): Promise<void> {
  const { phone } = scene;
  const trash = phone.folderOfType(4);
  await phone.syncAll(trash);
  const trashed = await countOf(scene, "Trash");
  const ids = [`${inbox}:3`, `${inbox}:5`, `${inbox}:9`];
  const moved = await phone.moveItems(inbox, ids, trash);
  assert.deepEqual(moved, await phone.moveItems(inbox, ids, trash));
  assert.deepEqual(
    moved.map(({ SrcMsgId, Status }) => [SrcMsgId, Status]),
    ids.map((id, at) => [id, at === 2 ? 1 : 3]),
  );
  assert.deepEqual(
    [await countOf(scene, "INBOX"), await countOf(scene, "Trash")],
    [0, trashed + 2],
  );
  const { adds, deletes } = await phone.sync(trash);
  assert.deepEqual(new Set(adds), new Set(moved.slice(0, 2).map(({ DstMsgId }) => DstMsgId)));
  assert.deepEqual(
    [deletes, (await phone.sync(inbox)).deletes],
    [[], [`${inbox}:5`, `${inbox}:3`]],
  );
  assert.deepEqual(phone.mails(trash).get(moved[1]?.DstMsgId ?? "")?.Subject, "five");
  const [back] = await phone.moveItems(trash, [moved[1]?.DstMsgId ?? ""], inbox);
  assert.equal(back?.Status, 3);
  assert.deepEqual((await phone.sync(inbox)).adds, [back.DstMsgId]);
  assert.deepEqual(
    [await countOf(scene, "INBOX"), await countOf(scene, "Trash")],
    [1, trashed + 1],
  );
}

/** A conversation of two mails moves whole; a third one follows when it comes. */
async function playConversation(scene: Scene, inbox: string): Promise<void> {
  const { phone, other } = scene;
  const trash = phone.folderOfType(4);
  const [kept, trashed] = [await countOf(scene, "INBOX"), await countOf(scene, "Trash")];
  await other.append("INBOX", threaded("root"));
  await other.append("INBOX", threaded("reply", "<root@play.test>"));
  const { adds } = await phone.sync(inbox);
  const [ConversationId, second] = adds.map((id) => phone.mails(inbox).get(id)?.ConversationId);
  assert.ok(ConversationId);
  assert.deepEqual([adds.length, ConversationId], [2, second]);
  const Move = { ConversationId, DstFldId: trash, Options: { MoveAlways: true as const } };
  const request = [{ Move }];
  for (let time = 0; time < 2; time++) {
    const { body } = await phone.client.send("ItemOperations", request);
    assert.deepEqual(body?.Response?.Move, [{ Status: 1, ConversationId }]);
  }
  await other.append("INBOX", threaded("later", "<root@play.test> <reply@play.test>"));
  const brought = await phone.sync(inbox);
  assert.deepEqual([brought.adds, new Set(brought.deletes)], [[], new Set(adds)]);
  assert.deepEqual(
    [await countOf(scene, "INBOX"), await countOf(scene, "Trash")],
    [kept, trashed + 3],
  );
}

function threaded(name: string, references = ""): Buffer {
  const ids = `Message-ID: <${name}@play.test>\r\n${references && `References: ${references}\r\n`}`;
  return Buffer.from(`From: <a@play.test>\r\n${ids}Subject: thread\r\n\r\nWords of ${name}.\r\n`);
}

/** A mail to himself: it wakes the Ping, and its copy is in Sent. */
async function playSend(scene: Scene, inbox: string): Promise<void> {
  const { phone, user } = scene;
  const sent = phone.folderOfType(5);
  await phone.syncAll(sent);
  const { Status } = await wokenBy(scene, inbox, async () => {
    assert.equal(await phone.sendMail(letter("to myself", user)), 1);
  });
  assert.equal(Status, 2);
  const arrived = await phone.sync(inbox);
  const subjects = arrived.adds.map((id) => phone.mails(inbox).get(id)?.Subject);
  assert.deepEqual([subjects, arrived.changes, arrived.deletes], [["to myself"], [], []]);
  assert.equal(await countOf(scene, "Sent"), 1);
  assert.equal((await phone.sync(sent)).adds.length, 1);
}

/** A large file goes on to himself; then he answers twice: each time the mail's last verb is told. */
async function playAnswers(scene: Scene, inbox: string): Promise<void> {
  const { phone, other, user, clock } = scene;
  const file = "QUJD\r\n".repeat(60_000);
  const typed = "Content-Type: application/x-a; name=a\r\nContent-Transfer-Encoding: base64";
  const body = `--b\r\n\r\nWords.\r\n--b\r\n${typed}\r\n\r\n${file}--b--\r\n`;
  const head = "From: a@example.test\r\nContent-Type: multipart/mixed; boundary=b\r\n";
  await other.append("INBOX", Buffer.from(`${head}Message-ID: <file@x>\r\n\r\n${body}`));
  const [id = ""] = (await phone.sync(inbox)).adds;
  const verb = async (command: "SmartReply" | "SmartForward", mime: Buffer) => {
    clock.advance(1_000);
    assert.equal(await phone.smart(command, [inbox, id], { mime }), 1);
    assert.deepEqual((await phone.sync(inbox)).changes.includes(id), true);
    const { LastVerbExecuted, LastVerbExecutionTime } = phone.mails(inbox).get(id) ?? {};
    return [LastVerbExecuted, LastVerbExecutionTime?.getTime()];
  };
  const arrivedBefore = await countOf(scene, "INBOX");
  assert.deepEqual(await verb("SmartForward", letter("on", user)), [3, clock.now()]);
  await until(async () => (await countOf(scene, "INBOX")) > arrivedBefore, "it arrives");
  await other.mailboxOpen("INBOX");
  const arrived = await other.fetchOne("*", { source: true });
  assert.ok(arrived && arrived.source?.includes(file), "with its file");
  assert.deepEqual(await verb("SmartReply", letter("re")), [1, clock.now()]);
  assert.deepEqual(await verb("SmartReply", letter("re once more")), [1, clock.now()]);
  await phone.syncAll(inbox);
  await playMoveOfAnswered(scene, inbox, id);
}

/** What was done with a mail last is told in the folder that it is moved to, as where it was. */
async function playMoveOfAnswered({ phone }: Scene, inbox: string, id: string): Promise<void> {
  const { LastVerbExecutionTime } = phone.mails(inbox).get(id) ?? {};
  assert.ok(LastVerbExecutionTime);
  const trash = phone.folderOfType(4);
  const [{ DstMsgId = "" } = {}] = await phone.moveItems(inbox, [id], trash);
  await phone.syncAll(inbox);
  await phone.syncAll(trash);
  const moved = phone.mails(trash).get(DstMsgId);
  assert.deepEqual(
    [moved?.LastVerbExecuted, moved?.LastVerbExecutionTime],
    [1, LastVerbExecutionTime],
  );
}

async function playFolders({ phone, other, prefix }: Scene): Promise<void> {
  const [first, second] = [`${prefix}Über & unter`, `${prefix}Renamed`];
  await other.mailboxCreate(first);
  assert.equal(await phone.folderSync(), 1);
  const id = phone.folderNamed("Über & unter");
  await other.append(first, letter("inside"));
  await phone.syncAll(id);
  assert.equal(phone.mails(id).size, 1);
  await other.mailboxRename(first, second);
  assert.equal(await phone.folderSync(), 1);
  assert.equal(phone.folderNamed("Renamed"), id, "a renamed folder stays itself");
  const { adds, deletes } = await phone.sync(id);
  assert.deepEqual([adds, deletes], [[], []]);
  await other.mailboxDelete(second);
  assert.equal(await phone.folderSync(), 1);
  assert.equal(phone.folders.has(id), false);
}

/** The phone's own folders keep their ids through renames, and so do those below them. */
async function playFolderChanges({ phone, other, prefix }: Scene): Promise<void> {
  const plans = await createdTwice(phone, "Plans");
  const trips = await phone.createFolder("Trips & tours", plans);
  const pathOf = async (name: string): Promise<string> =>
    (await other.list()).find((each) => each.name === name)?.path ?? "";
  await other.append(await pathOf("Trips & tours"), letter("inside"));
  await phone.syncAll(trips);
  await twice(phone, () => phone.updateFolder(plans, "Ideas"));
  const attic = await phone.createFolder("Attic");
  await phone.updateFolder(plans, "Old ideas", attic);
  const names = (): Record<string, string> =>
    Object.fromEntries([...phone.folders.values()].map(({ serverId, name }) => [serverId, name]));
  const known = names();
  assert.equal(await phone.folderSync(), 1);
  assert.deepEqual(names(), known);
  const path = await pathOf("Trips & tours");
  assert.match(path, new RegExp(`^${prefix}Attic.Old ideas.Trips`));
  await other.append(path, letter("inside too"));
  const { adds, changes, deletes } = await phone.sync(trips);
  assert.deepEqual([adds.length, changes, deletes], [1, [], []]);
  assert.equal(await phone.emptyFolder(trips), 1);
  assert.equal((await phone.sync(trips)).deletes.length, 2);
  await twice(phone, () => phone.deleteFolder(attic));
  assert.equal(await phone.folderSync(), 1);
  assert.deepEqual([phone.folders.has(plans), phone.folders.has(trips)], [false, false]);
  const left = (await other.list()).map((each) => each.path);
  assert.ok(!left.some((each) => /Attic|Plans|ideas/.test(each)), left.join(", "));
}

/** The first answer is lost; the repeat under the same key makes no second folder. */
async function createdTwice(phone: Phone, name: string): Promise<string> {
  const ids: string[] = [];
  await twice(phone, async () => void ids.push(await phone.createFolder(name)));
  assert.equal(new Set(ids).size, 1, "the folder is one");
  return ids[0] ?? "";
}

async function twice(phone: Phone, change: () => Promise<void>): Promise<void> {
  const { hierarchyKey } = phone;
  await change();
  const next = phone.hierarchyKey;
  phone.hierarchyKey = hierarchyKey;
  await change();
  assert.equal(phone.hierarchyKey, next, "a repeat is answered alike");
}

/** Letters beyond ASCII are found everywhere; where the server takes none, by the others of the word. */
async function playSearch({ other, phone, prefix }: Scene): Promise<void> {
  const subject = "=?utf-8?Q?=C3=9Cberweisung?=";
  const head = `Content-Type: text/plain; charset=utf-8\r\nSubject: ${subject}\r\n`;
  await other.append("INBOX", Buffer.from(`${head}\r\nÄpfel\r\n`));
  await other.append(`${prefix}Drafts`, letter("a draft"));
  assert.deepEqual(await phone.search("überweisung"), ["Überweisung"]);
  assert.deepEqual(await phone.search("of three"), ["three"]);
  assert.deepEqual(await phone.search("words draft", 2020), ["a draft"]);
  assert.deepEqual(await phone.search("nowhere"), []);
}
