import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addAccount, Gateway, type TestAccount } from "../../test/mailbox/gateway.ts";
import { ScriptedMail } from "../../test/mailbox/scripted-mail.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { BackendError, BackendUnavailable } from "../backend.ts";
import type { Feed, Position } from "../feed.ts";
import { moveAlias } from "../store/aliases.ts";
import { listCollections } from "../store/collections.ts";
import type { Folder, Mailbox, MailboxEvent } from "./mailbox.ts";
import { parseReference } from "./references.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());
const { database } = store;

const everything = { low: 1, high: 2 ** 32 - 1 };
const nothing: Position = { epoch: "1", mark: 0n, next: 1, count: 0 };

interface Scene extends AsyncDisposable {
  readonly account: TestAccount;
  readonly server: ScriptedMail;
  readonly gateway: Gateway;
  readonly mailbox: Mailbox;
}

async function scene(...paths: readonly string[]): Promise<Scene> {
  const account = await addAccount(database);
  const server = new ScriptedMail();
  for (const path of paths) server.create(path);
  const gateway = new Gateway(database, server);
  const mailbox = await gateway.open(account);
  const dispose = async (): Promise<void> => {
    await mailbox[Symbol.asyncDispose]();
    await gateway[Symbol.asyncDispose]();
  };
  return { account, server, gateway, mailbox, [Symbol.asyncDispose]: dispose };
}

async function foldersOf(mailbox: Mailbox, feed?: Feed): Promise<readonly Folder[]> {
  const { items } = await (feed ?? (await mailbox.hierarchy())).changed(everything, nothing);
  return await mailbox.foldersOf(items.map((item) => item.number));
}

async function idOf(mailbox: Mailbox, name: string): Promise<string> {
  const folders = await foldersOf(mailbox);
  return folders.find((folder) => folder.displayName === name)?.collectionId ?? "none";
}

test("Hierarchy: special folders are made where the server has none, the Outbox is on devices alone", async () => {
  await using at = await scene("Work");
  const folders = await foldersOf(at.mailbox);
  const shown = folders.map((folder) => [folder.collectionId, folder.type, folder.displayName]);
  assert.deepEqual(shown, [
    ["f1", 2, "Inbox"],
    ["f2", 3, "Drafts"],
    ["f3", 5, "Sent"],
    ["f4", 4, "Trash"],
    ["f5", 6, "Outbox"],
    ["f6", 12, "Work"],
  ]);
  assert.deepEqual([...at.server.folders.keys()], ["INBOX", "Work", "Drafts", "Sent", "Trash"]);
  assert.deepEqual(
    folders.map((folder) => folder.selectable),
    [true, true, true, true, false, true],
  );
});

test("Hierarchy: special folders that the server refuses to make are shown all the same", async () => {
  await using at = await scene();
  for (let count = 0; count < 3; count++) {
    at.server.failOnce("create", new BackendError("not allowed", "read-only"));
  }
  const folders = await foldersOf(at.mailbox);
  assert.deepEqual(
    folders.map((folder) => folder.type),
    [2, 3, 5, 4, 6],
  );
  const feed = await at.mailbox.feed("f2");
  assert.equal((await feed.position()).count, 0);
  const before = await at.mailbox.hierarchy();
  assert.deepEqual(
    (await foldersOf(at.mailbox, before)).map((folder) => folder.serial),
    [1, 2, 3, 4, 5],
  );
});

test("Hierarchy: nothing new is one listing, no write and the same mark", async () => {
  await using at = await scene();
  const mark = (await (await at.mailbox.hierarchy()).position()).mark;
  const listings = at.server.listings;
  assert.equal((await (await at.mailbox.hierarchy()).position()).mark, mark);
  assert.equal(at.server.listings, listings + 1);
});

test("Hierarchy: the feed names what was renamed and what went since a mark", async () => {
  await using at = await scene("Work", "Old");
  const [work, old] = [await idOf(at.mailbox, "Work"), await idOf(at.mailbox, "Old")];
  const before = await (await at.mailbox.hierarchy()).position();
  at.server.rename("Work", "Job");
  at.server.folders.delete("Old");
  at.server.create("New");
  const feed = await at.mailbox.hierarchy();
  const { items, gone } = await feed.changed(everything, before);
  const changed = await at.mailbox.foldersOf(items.map((item) => item.number));
  assert.deepEqual(
    changed.map((folder) => folder.displayName),
    ["Job", "New"],
  );
  assert.equal(changed[0]?.collectionId, work);
  assert.deepEqual(
    gone.map(({ low }) => `f${low.toString(16)}`),
    [old],
  );
  assert.equal(await at.mailbox.folder(old), undefined);
  const position = await feed.position();
  assert.deepEqual([position.epoch, position.count], ["1", 7]);
  assert.ok(position.mark === before.mark + 1n && position.next > before.next);
});

test("Hierarchy: newest gives alive folders, highest serial first, and says how far it looked", async () => {
  await using at = await scene("A", "B");
  const feed = await at.mailbox.hierarchy();
  const first = await feed.newest(everything, 3);
  assert.deepEqual([first.items.map((item) => item.number), first.reached], [[7, 6, 5], 5]);
  const rest = await feed.newest({ low: 1, high: 4 }, 100);
  assert.deepEqual([rest.items.map((item) => item.number), rest.reached], [[4, 3, 2, 1], 1]);
});

test("Hierarchy: a failed listing is an error and changes nothing, and so is a list without INBOX", async () => {
  await using at = await scene("Work");
  const before = await foldersOf(at.mailbox);
  at.server.failOnce("folders", new BackendUnavailable("broken off"));
  await assert.rejects(at.mailbox.hierarchy(), BackendUnavailable);
  const inbox = at.server.get("INBOX");
  at.server.folders.delete("INBOX");
  await assert.rejects(at.mailbox.hierarchy(), BackendUnavailable);
  at.server.folders.set("INBOX", inbox);
  assert.deepEqual(await foldersOf(at.mailbox), before);
});

test("Hierarchy: two requests at once agree", async () => {
  await using at = await scene("A", "B");
  await using other = await at.gateway.open(at.account);
  const [one, two] = await Promise.all([at.mailbox.hierarchy(), other.hierarchy()]);
  assert.deepEqual(await one.position(), await two.position());
  assert.equal((await one.position()).count, 7);
});

test("A request that needs no server opens no session, and one that does gives it back", async () => {
  await using at = await scene();
  assert.equal(await at.mailbox.folder("f1"), undefined);
  assert.deepEqual([at.server.opened, at.mailbox.roundTrips()], [0, 0]);
  {
    await using mailbox = await at.gateway.open(at.account);
    await mailbox.hierarchy();
    await mailbox.hierarchy();
    assert.deepEqual([at.server.opened, at.server.leases], [1, 1]);
    assert.ok(mailbox.roundTrips() > 0);
  }
  assert.equal(at.server.leases, 0);
});

test("A folder that another client renamed is found again in the middle of a request", async () => {
  await using at = await scene("Work");
  const work = await idOf(at.mailbox, "Work");
  at.server.put("Work", "mail");
  const feed = await at.mailbox.feed(work);
  assert.equal((await feed.position()).count, 1);
  at.server.rename("Work", "Job");
  assert.equal((await feed.position()).count, 1);
  assert.deepEqual(await at.mailbox.remove(work, [1], false), [{ number: 1, kind: "done" }]);
});

test("A folder that another client deleted is no such folder, also when a new one has its name", async () => {
  await using at = await scene("Work", "Other");
  const [work, other] = [await idOf(at.mailbox, "Work"), await idOf(at.mailbox, "Other")];
  const [feed, otherFeed] = [await at.mailbox.feed(work), await at.mailbox.feed(other)];
  at.server.folders.delete("Work");
  await assert.rejects(feed.position(), { name: "BackendError", fault: "no such folder" });
  await assert.rejects(at.mailbox.feed(work), { fault: "no such folder" });
  at.server.folders.delete("Other");
  at.server.create("Other");
  await assert.rejects(otherFeed.position(), { fault: "no such folder" });
});

test("Another account's collections are unknown", async () => {
  await using at = await scene("Work");
  const work = await idOf(at.mailbox, "Work");
  await using other = await scene();
  assert.equal(await other.mailbox.folder(work), undefined);
  await assert.rejects(other.mailbox.feed(work), { fault: "no such folder" });
  const reference = (await at.mailbox.references({ collectionId: work }))(7, "2");
  assert.equal(await other.mailbox.resolve(reference), undefined);
  const found = await at.mailbox.resolve(reference);
  assert.equal(found?.number, 7);
  const earlier = { ...found, epoch: "earlier" };
  const name = await at.mailbox.references(earlier);
  assert.deepEqual(parseReference(name(earlier.number, earlier.section)), earlier);
});

test("Delete: as a move it goes to Trash, in Trash and otherwise for good, and again is no fault", async () => {
  await using at = await scene("Work");
  const [work, trash] = [await idOf(at.mailbox, "Work"), await idOf(at.mailbox, "Trash")];
  at.server.put("Work", "one");
  at.server.put("Work", "two");
  const moved = await at.mailbox.remove(work, [1], true);
  assert.deepEqual(
    moved.map(({ number, kind }) => [number, kind]),
    [[1, "done"]],
  );
  assert.deepEqual(at.server.mailsIn("Trash"), ["one"]);
  assert.deepEqual(await at.mailbox.remove(work, [1], true), [{ number: 1, kind: "gone" }]);
  await at.mailbox.remove(work, [2], false);
  await at.mailbox.remove(trash, [1], true);
  assert.deepEqual([at.server.mailsIn("Work"), at.server.mailsIn("Trash")], [[], []]);
});

test("Delete: a Trash that went is made anew; without one nothing is deleted", async () => {
  await using at = await scene("Work");
  const work = await idOf(at.mailbox, "Work");
  at.server.put("Work", "one");
  at.server.put("Work", "two");
  at.server.folders.delete("Trash");
  await at.mailbox.remove(work, [1], true);
  assert.deepEqual(at.server.mailsIn("Trash"), ["one"]);
  at.server.folders.delete("Trash");
  at.server.failOnce("create", new BackendError("not allowed", "read-only"));
  await assert.rejects(at.mailbox.remove(work, [2], true), { fault: "not allowed" });
  assert.deepEqual(at.server.mailsIn("Work"), ["two"]);
});

test("Alias: an item that got a new UID keeps its number in feed and delete", async () => {
  await using at = await scene("Work");
  const work = await idOf(at.mailbox, "Work");
  for (const mail of ["one", "two", "three"]) at.server.put("Work", mail);
  const { epoch } = at.server.get("Work");
  const scope = { accountId: at.account.id, serial: Number.parseInt(work.slice(1), 16), epoch };
  await moveAlias(database, scope, { number: 1, uid: 3, editor: null, parts: {}, from: 1 });
  at.server.get("Work").mails.delete(1);
  await using mailbox = await at.gateway.open(at.account);
  const { items } = await (await mailbox.feed(work)).changed(everything, nothing);
  assert.deepEqual(
    items.map((item) => item.number),
    [2, 1],
  );
  assert.deepEqual(await mailbox.remove(work, [1], false), [{ number: 1, kind: "done" }]);
  assert.deepEqual(at.server.mailsIn("Work"), ["two"]);
});

test("Watch: hints come with the collection's id", async () => {
  await using at = await scene("Work");
  const work = await idOf(at.mailbox, "Work");
  const events: MailboxEvent[] = [];
  const outbox = await idOf(at.mailbox, "Outbox");
  using _watch = await at.mailbox.watch([work, outbox, "f99"], false, (event) =>
    events.push(event),
  );
  at.server.hint({ path: "Work", kind: "arrival" });
  at.server.hint({ path: "elsewhere", kind: "arrival" });
  assert.deepEqual(events, [{ collectionId: work, kind: "arrival" }]);
});

/** The first event that comes with "New" in the store: hints of earlier listings may still be on their way. */
function wokenByNew(account: TestAccount) {
  const { promise, resolve, reject } = Promise.withResolvers<MailboxEvent>();
  const look = async (event: MailboxEvent): Promise<void> => {
    const rows = await listCollections(database, account.id);
    if (rows.some((row) => row.displayName === "New")) resolve(event);
  };
  return { promise, hear: (event: MailboxEvent) => void look(event).catch(reject) };
}

test("Watch: a folder made by another client is noticed by the poll", async () => {
  await using at = await scene();
  await at.mailbox.hierarchy();
  const { promise, hear } = wokenByNew(at.account);
  using _watch = await at.mailbox.watch([], true, hear);
  at.server.create("New");
  at.gateway.clock.advance(300_000);
  assert.deepEqual(await promise, { collectionId: undefined, kind: "arrival" });
});

test("Watch: what another request of the account finds wakes the watcher at once", async () => {
  await using at = await scene();
  await at.mailbox.hierarchy();
  const { promise, hear } = wokenByNew(at.account);
  using _watch = await at.mailbox.watch([], true, hear);
  at.server.create("New");
  await using gateway = new Gateway(database, at.server);
  await using other = await gateway.open(at.account);
  await other.hierarchy();
  assert.deepEqual(await promise, { collectionId: undefined, kind: "arrival" });
});

test("Watch: a listing that fails is tried again, and the end leaves no timer", async () => {
  await using at = await scene();
  await at.mailbox.hierarchy();
  const { promise, hear } = wokenByNew(at.account);
  const watch = await at.mailbox.watch([], true, hear);
  at.server.failOnce("folders", new BackendUnavailable("broken off"));
  at.gateway.clock.advance(300_000);
  while (at.gateway.clock.pending() === 0) await new Promise((done) => setImmediate(done));
  at.server.create("New");
  at.gateway.clock.advance(300_000);
  await promise;
  watch[Symbol.dispose]();
  await new Promise((done) => setImmediate(done));
  assert.equal(at.gateway.clock.pending(), 0);
});
