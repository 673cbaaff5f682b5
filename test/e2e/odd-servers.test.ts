/** The whole gateway over servers that are slow, drop connections, let few in, or hold very many folders, or tell nonsense of mails. */
import assert from "node:assert/strict";
import { chown, mkdir, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { after, before, test } from "node:test";
import type { ImapFlow } from "imapflow";
import { systemClock } from "../../src/kit/clock.ts";
import { StillClock } from "../../src/kit/still-clock.ts";
import { searchMs } from "../../src/mailbox/limits.ts";
import { Phone } from "../client/phone.ts";
import { through } from "../rig/counting-way.ts";
import { startGateway, type TestGateway } from "../rig/gateway.ts";
import { startImapProxy } from "../rig/mail/proxy.ts";
import { makeUnreadable } from "../rig/mail/storage.ts";
import { mailServers, password, startMailServers, type MailServers } from "../rig/mail/servers.ts";

let mail: MailServers;
before(async () => {
  mail = await mailServers();
});
after(() => mail?.stop());

/** A gateway whose IMAP server is at this port. */
function gatewayOver(port: number, servers: MailServers = mail): Promise<TestGateway> {
  return startGateway(servers, { configure: through(port) });
}

function phoneOf({ url }: TestGateway, user: string): Phone {
  return new Phone({ url, user, password, version: "14.1" });
}

function letter(subject: string): Buffer {
  return Buffer.from(`To: <somebody@example.test>\r\nSubject: ${subject}\r\n\r\nWords.\r\n`);
}

/** Looks until something holds; fails after a bounded time. */
async function until(holds: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!holds()) {
    assert.ok(performance.now() < deadline, `${what}: not within 15 s`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function upload(ServerId: string, Read: boolean) {
  return { Commands: [{ Change: { ServerId, ApplicationData: { Email: { Read } } } }] };
}

test("Odd server: two connections for each user are enough, and their end is no wrong password", async () => {
  await using servers = await startMailServers({ connectionsPerUser: 2 });
  await using proxy = await startImapProxy(servers.imap.port);
  await using gateway = await gatewayOver(proxy.port, servers);
  const user = servers.freshUser();
  await servers.deliver(user, letter("one"));
  using phone = phoneOf(gateway, user);
  using second = phoneOf(gateway, user);
  const folderSync = () => second.client.send("FolderSync", { SyncKey: "0" });
  // Other programs have them all.
  const others = [await servers.imapClient(user), await servers.imapClient(user)];
  assert.equal((await folderSync()).httpStatus, 503);
  for (const other of others) await other.logout();
  for (const each of [phone, second]) {
    assert.equal(await each.folderSync(), 1);
    await each.syncAll(each.folderOfType(2));
  }
  const inbox = phone.folderOfType(2);
  const collectionIds = [inbox, phone.folderOfType(5), phone.folderOfType(4)];
  const ping = phone.ping({ heartbeatSeconds: 60, collectionIds });
  await until(() => gateway.gateway.push.held() === 1, "the Ping is held");
  // More requests at once than there may be connections, beside the folders that are watched.
  const answers = await Promise.all(Array.from({ length: 6 }, folderSync));
  assert.deepEqual(new Set(answers.map(({ httpStatus }) => httpStatus)), new Set([200]));
  assert.equal((await second.sync(inbox, upload(`${inbox}:1`, true))).status, 1);
  assert.equal(gateway.gateway.push.held(), 1, "the Ping is held on");
  await servers.deliver(user, letter("two"));
  assert.equal((await ping).Status, 2);
  assert.deepEqual((await phone.sync(inbox)).adds, [`${inbox}:2`]);
});

test("Odd server: connections that are dropped whenever they idle cost no request, and no news", async () => {
  await using proxy = await startImapProxy(mail.imap.port);
  await using gateway = await gatewayOver(proxy.port);
  const user = mail.freshUser();
  await mail.deliver(user, letter("mail 1"));
  using phone = phoneOf(gateway, user);
  assert.equal(await phone.folderSync(), 1);
  const inbox = phone.folderOfType(2);
  for (let uid = 1; uid <= 3; uid++) {
    proxy.breakAll();
    const { status } = await phone.sync(inbox);
    assert.equal(status, 1);
    proxy.breakAll();
    assert.equal((await phone.sync(inbox, upload(`${inbox}:${uid}`, true))).status, 1);
    const idles = (): number => proxy.said.filter((line) => line === "IDLE").length;
    const idlesBefore = idles();
    const ping = phone.ping({ heartbeatSeconds: 600, collectionIds: [inbox] });
    await until(() => idles() > idlesBefore, "the folder is watched");
    proxy.breakAll();
    await mail.deliver(user, letter(`mail ${uid + 1}`));
    assert.equal((await ping).Status, 2);
  }
  assert.deepEqual((await phone.sync(inbox)).adds, [`${inbox}:4`]);
});

test("Odd server: 200 ms for each command make nothing fail, and a look costs two commands at most", async () => {
  await using proxy = await startImapProxy(mail.imap.port, { delayMs: 200 });
  await using gateway = await gatewayOver(proxy.port);
  const user = mail.freshUser();
  await mail.seed(
    user,
    "INBOX",
    Array.from({ length: 30 }, (_, at) => ({ mime: letter(`mail ${at}`) })),
  );
  using phone = phoneOf(gateway, user);
  assert.equal(await phone.folderSync(), 1);
  const inbox = phone.folderOfType(2);
  assert.equal(await phone.syncAll(inbox, { WindowSize: 100 }), 1);
  assert.equal(phone.mails(inbox).size, 30);
  const saidBefore = proxy.said.length;
  assert.equal((await phone.sync(inbox)).status, 1);
  assert.ok(proxy.said.length - saidBefore <= 2);
  const read = await phone.sync(inbox, upload(`${inbox}:1`, true));
  assert.deepEqual([read.status, read.responses], [1, []]);
  assert.equal(await phone.sendMail(letter("sent slowly")), 1);
});

test("Odd server: a search that is not through in time tells what it has, is read on in, and done anew when repeated", async () => {
  await using proxy = await startImapProxy(mail.imap.port);
  const clock = new StillClock(systemClock.now());
  await using gateway = await startGateway(mail, { clock, configure: through(proxy.port) });
  const user = mail.freshUser();
  await mail.seed(user, "INBOX", [{ mime: letter("boat one") }, { mime: letter("boat two") }]);
  await mail.seed(user, "Sent", [{ mime: letter("boat three") }]);
  using phone = phoneOf(gateway, user);
  await phone.folderSync();
  const search = async (Range: string) => {
    const Query = [{ And: [{ FreeText: "boat" }] }];
    const Store = { Name: "Mailbox", Query, Options: { BodyPreference: [], Range } };
    const { body } = await phone.client.send("Search", { Store });
    const found = body?.Response?.Store;
    const subjects = found?.Result.map(({ Properties }) => Properties?.Email?.Subject);
    return [found?.Status, subjects?.length, found?.Total];
  };
  const searches = (): number =>
    proxy.said.filter((line) => /^UID (SEARCH|SORT)/.test(line)).length;
  const late = search("0-0");
  await proxy.until(() => {
    const isReached = proxy.said.some((line) => /^(SELECT|EXAMINE) "?Sent/.test(line));
    if (isReached) proxy.stall(true);
    return isReached;
  });
  clock.advance(searchMs);
  proxy.stall(false);
  assert.deepEqual(await late, [1, 1, 2], "what was found in time");
  const untilNow = searches();
  assert.deepEqual(await search("1-1"), [1, 1, 2]);
  assert.equal(searches(), untilNow, "whoever reads on is told of the same mails");
  assert.deepEqual(await search("0-9"), [1, 3, 3]);
  const whole = searches();
  assert.ok(whole > untilNow);
  assert.deepEqual(await search("0-9"), [1, 3, 3]);
  assert.equal(searches(), whole, "a search that came through is kept");
});

/** Makes folders where Dovecot keeps them: 2,000 CREATE would take a minute. */
async function makeFolders(user: string, paths: readonly string[]): Promise<void> {
  const home = join(mail.address.folder, "home", user.split("@")[0] ?? "");
  const root = join(home, "sdbox/mailboxes");
  const { uid, gid } = await stat(root);
  const own = async (folder: string): Promise<void> => {
    await mkdir(folder, { recursive: true });
    await chown(folder, uid, gid);
  };
  for (const path of paths) {
    await own(join(root, dirname(path)));
    await own(join(root, path));
    await own(join(root, path, "dbox-Mails"));
  }
}

test("Odd server: 2,000 folders are told once, and one that comes is told alone", async () => {
  await using gateway = await gatewayOver(mail.imap.port);
  const user = mail.freshUser();
  await mail.seed(user, "INBOX", [{ mime: letter("one") }]);
  const paths = Array.from({ length: 2_000 }, (_, at) => `Parent ${at % 40}/Folder ${at}`);
  await makeFolders(user, paths);
  using phone = phoneOf(gateway, user);
  assert.equal(await phone.folderSync(), 1);
  const names = new Set([...phone.folders.values()].map(({ name }) => name));
  assert.deepEqual(
    paths.filter((path) => !names.has(basename(path))),
    [],
  );
  const other = await mail.imapClient(user);
  await other.mailboxCreate("One more");
  await other.logout();
  const { body } = await phone.client.send("FolderSync", { SyncKey: phone.hierarchyKey });
  const { Count, Add = [] } = body?.Changes ?? {};
  assert.deepEqual([Count, Add.map(({ DisplayName }) => DisplayName)], [1, ["One more"]]);
});

const oddNames = [
  "Ünïcödé & Söhne",
  "日本語のフォルダ",
  "مجلد",
  "📁 emoji 👩‍👩‍👧",
  "A&-B &AOk-",
  'with "quotes"',
  "back\\slash",
  "100% * wild",
  "(brackets) [and] {5}",
  "NIL",
  " leading and trailing ",
  "two  blanks",
  "dots.in.it..",
  "case",
  "CASE",
  "a'b`c;d$e!f#g",
  '<xml> & "entities" \'',
  "e\u0301 decomposed",
  "é composed",
  "long ".repeat(40).trim(),
];

test("Odd server: folders of every kind of name are told as they are, synced, made and renamed", async () => {
  await using gateway = await gatewayOver(mail.imap.port);
  const user = mail.freshUser();
  using phone = phoneOf(gateway, user);
  assert.equal(await phone.folderSync(), 1);
  const parent = await phone.createFolder("Made by the phone");
  await using other = await mail.imapClient(user);
  for (const name of oddNames) await other.append(await created(other, name), letter(name));
  assert.equal(await phone.folderSync(), 1);
  for (const name of oddNames) {
    // Blanks around a name are none of it on a phone.
    const id = phone.folderNamed(name.trim());
    await phone.syncAll(id);
    assert.equal(phone.mails(id).size, 1, name);
    const own = await phone.createFolder(`${name.trim()} 2`, parent);
    await phone.updateFolder(own, `${name.trim()} 3`, parent);
  }
  const known = new Map(phone.folders);
  phone.hierarchyKey = "0";
  assert.equal(await phone.folderSync(), 1);
  assert.deepEqual(Object.fromEntries(phone.folders), Object.fromEntries(known));
});

async function created(other: ImapFlow, name: string): Promise<string> {
  return (await other.mailboxCreate(name)).path;
}

const wrongStructures = [
  "NIL",
  "()",
  '("TEXT" "PLAIN")',
  '(NIL NIL NIL NIL NIL "8BIT" "many" "few")',
  '(("IMAGE" "PNG" NIL NIL NIL "BASE64" 999999 NIL NIL NIL NIL) "MIXED" NIL NIL NIL)',
];

test("Odd server: a BODYSTRUCTURE that is wrong in any way hides no mail", async () => {
  let told = "";
  let spoilt = 0;
  const rewrite = (line: string): string =>
    line.replace(/BODYSTRUCTURE \(.*\) (?=BODY\[HEADER)/, () => {
      spoilt++;
      return `BODYSTRUCTURE ${told} `;
    });
  await using proxy = await startImapProxy(mail.imap.port, { rewrite });
  await using gateway = await gatewayOver(proxy.port);
  for (told of wrongStructures) {
    const user = mail.freshUser();
    await mail.seed(user, "INBOX", [{ mime: letter("one") }, { mime: letter("two") }]);
    using phone = phoneOf(gateway, user);
    assert.equal(await phone.folderSync(), 1);
    const inbox = phone.folderOfType(2);
    await phone.syncAll(inbox);
    const subjects = [...phone.mails(inbox).values()].map(({ Subject }) => Subject);
    assert.deepEqual(subjects, ["two", "one"], told);
  }
  assert.equal(spoilt, 2 * wrongStructures.length);
});

test("Odd server: mails that it breaks off at, whenever they are read, hide no other mail", async () => {
  await using gateway = await startGateway(mail);
  const user = mail.freshUser();
  const numbers = Array.from({ length: 60 }, (_, at) => at + 1);
  await mail.seed(
    user,
    "INBOX",
    numbers.map((number) => ({ mime: letter(`letter ${number}`) })),
  );
  // In windows of small mails, which are read ahead whole.
  await makeUnreadable(mail, user, [7, 13]);
  using phone = phoneOf(gateway, user);
  assert.equal(await phone.folderSync(), 1);
  const inbox = phone.folderOfType(2);
  const Options = [{ BodyPreference: [{ Type: 1 }] }];
  await phone.syncAll(inbox, { WindowSize: 8, Options });
  const shown = (): number[] =>
    [...phone.mails(inbox).keys()].map((id) => Number(id.split(":")[1])).toSorted((a, b) => a - b);
  const readable = numbers.filter((number) => number !== 7 && number !== 13);
  assert.deepEqual(shown(), readable);
  for (const { Body } of phone.mails(inbox).values()) assert.equal(Body?.Data, "Words.\r\n");
  const warned = gateway.lines.filter(({ msg }) => msg === "the server cannot read mails");
  assert.deepEqual(
    warned.flatMap(({ numbers: found }) => found),
    [13, 7],
  );
  // One that the phone has, and one that comes: both at once with others.
  await makeUnreadable(mail, user, [3]);
  await mail.seed(user, "INBOX", [{ mime: letter("letter 61") }, { mime: letter("letter 62") }]);
  await makeUnreadable(mail, user, [61]);
  const client = await mail.imapClient(user);
  await client.mailboxOpen("INBOX");
  await client.messageFlagsAdd("2:4", ["\\Seen"], { uid: true });
  await client.logout();
  await phone.syncAll(inbox, { Options });
  assert.deepEqual(
    shown().filter((number) => number !== 61),
    [...readable, 62],
  );
  // What Dovecot has in its cache of a mail it tells.
  assert.equal(phone.mails(inbox).get(`${inbox}:61`)?.Body?.Data ?? "", "");
  assert.deepEqual(
    [2, 4].map((number) => phone.mails(inbox).get(`${inbox}:${number}`)?.Read),
    [true, true],
  );
});

test("Odd server: a mail that it cannot read stays where it is, and what is moved and deleted beside it goes", async () => {
  await using gateway = await startGateway(mail);
  const user = mail.freshUser();
  const numbers = [1, 2, 3, 4, 5, 6];
  await mail.seed(
    user,
    "INBOX",
    numbers.map((number) => ({ mime: letter(`letter ${number}`) })),
  );
  using phone = phoneOf(gateway, user);
  assert.equal(await phone.folderSync(), 1);
  const [inbox, trash] = [phone.folderOfType(2), phone.folderOfType(4)];
  await phone.syncAll(inbox);
  await makeUnreadable(mail, user, [2, 5]);
  const ids = numbers.map((number) => `${inbox}:${number}`);
  const Commands = ids.slice(0, 3).map((ServerId) => ({ Delete: { ServerId } }));
  for (let repeat = 0; repeat < 2; repeat++) {
    const Collection = [phone.asked(inbox, { Commands })];
    const { body, httpStatus } = await phone.client.send("Sync", { Collections: { Collection } });
    assert.equal(httpStatus, 200);
    const responses = body?.Collections?.Collection[0]?.Responses;
    assert.deepEqual(responses, [{ Delete: { ServerId: `${inbox}:2`, Status: 6 } }]);
  }
  const found = await phone.search("Words");
  assert.deepEqual(
    new Set(found.filter((subject) => !subject.endsWith(" 2") && !subject.endsWith(" 5"))),
    new Set([1, 3, 4, 6].map((number) => `letter ${number}`)),
  );
  const answer = { mime: letter("an answer") };
  assert.equal(await phone.smart("SmartReply", [inbox, `${inbox}:5`], answer), 150);
  const Fetch = { Store: "Mailbox", CollectionId: inbox, ServerId: `${inbox}:5`, Options: [] };
  const fetched = await phone.client.send("ItemOperations", [{ Fetch }]);
  assert.equal(fetched.httpStatus, 200);
  const moves = await phone.moveItems(inbox, ids.slice(3), trash);
  assert.deepEqual(
    moves.map(({ Status }) => Status === 3),
    [true, false, true],
  );
  await phone.syncAll(trash);
  const thrown = [...phone.mails(trash).values()].map(({ Subject }) => Subject);
  assert.deepEqual(new Set(thrown), new Set(["letter 1", "letter 3", "letter 4", "letter 6"]));
});
