import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addAccount } from "../../test/mailbox/gateway.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import type { Feed, FeedItem } from "../feed.ts";
import { mailVersion } from "../items/email/version.ts";
import { noFlags } from "../items/email/message.ts";
import { putCollections } from "../store/collections.ts";
import type { FollowUpScope } from "../store/follow-ups.ts";
import { listKept, type KeptOf, type KeptRows } from "../store/kept.ts";
import { FollowUps } from "./follow-ups.ts";
import { keptFeed } from "./kept-feed.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());
const { database } = store;

const folder = {
  path: "INBOX",
  parentSerial: 0,
  displayName: "Inbox",
  type: 2,
  class: "Email",
  selectable: true,
  remoteKey: "",
  nextUid: 1,
  revision: 1n,
  deleted: false,
};

const scopes = new WeakMap<FollowUps, FollowUpScope>();

async function followUps(): Promise<(serial?: number, epoch?: string) => FollowUps> {
  const { id } = await addAccount(database);
  const rows = [1, 2].map((serial) => ({
    ...folder,
    serial,
    epoch: "7",
    path: `folder ${serial}`,
  }));
  await putCollections(database, id, rows);
  return (serial = 1, epoch = "7") => {
    const scope = { accountId: id, serial, epoch };
    const made = new FollowUps(database, scope);
    scopes.set(made, scope);
    return made;
  };
}

const due = { Status: 2, UtcDueDate: new Date("2026-03-01T08:00:00Z") };
const later = { Status: 2, UtcDueDate: new Date("2026-03-02T08:00:00Z") };

/** A feed that tells these flag statuses by number, and what is gone. */
function feedOf(statuses: Readonly<Record<number, 0 | 1 | 2>>, gone: readonly number[] = []): Feed {
  const items = Object.entries(statuses).map(([number, flagStatus]): FeedItem => {
    const version = mailVersion({ ...noFlags, flagStatus });
    return { number: Number(number), version, labels: ["Blue"], day: 1 };
  });
  return {
    position: async () => known,
    changed: async () => ({ items, gone: gone.map((number) => ({ low: number, high: number })) }),
    newest: async (range) => ({ items, reached: range.low }),
    within: async () => [],
    withinKnown: async () => [],
  };
}

const known = { epoch: "7", mark: 1n, next: 10, count: 1 };

async function labels(of: FollowUps, feed: Feed): Promise<unknown> {
  const list = (asked: KeptOf): Promise<KeptRows> => listKept(database, scopes.get(of)!, asked);
  const kept = keptFeed(feed, { list, followUps: of, hasFollowUps: true });
  const { items } = await kept.changed({ low: 1, high: 9 }, known);
  await of.settle();
  return Object.fromEntries(items.map((item) => [item.number, item.labels?.length]));
}

test("a change counts up, the same once more does not, and is told again until the server confirmed it", async () => {
  const flags = (await followUps())();
  assert.deepEqual(await flags.keep(5, due), { revision: 1, isNew: true });
  // A crash before the mail server was told: the repeated request tells it.
  assert.deepEqual(await flags.keep(5, due), { revision: 1, isNew: true });
  await flags.confirm([5]);
  assert.deepEqual(await flags.keep(5, due), { revision: 1, isNew: false });
  assert.deepEqual(await flags.keep(5, later), { revision: 2, isNew: true });
  assert.deepEqual((await flags.list([5])).get(5), { UtcDueDate: later.UtcDueDate });
});

test("a flag without dates needs no row, but takes the dates of an earlier one away", async () => {
  const flags = (await followUps())();
  assert.equal(await flags.keep(5, { Status: 2 }), undefined);
  await flags.keep(5, due);
  assert.deepEqual(await flags.keep(5, { Status: 2 }), { revision: 2, isNew: true });
  assert.deepEqual(await flags.list([5]), new Map());
});

test("the feed tells flags of one status apart by their labels", async () => {
  const flags = (await followUps())();
  const before = await labels(flags, feedOf({ 5: 2, 6: 2 }));
  await flags.keep(5, due);
  assert.deepEqual(before, { 5: 1, 6: 1 });
  assert.deepEqual(await labels(flags, feedOf({ 5: 2, 6: 2 })), { 5: 2, 6: 1 });
});

test("what another client clears is over, but not what is just being set", async () => {
  const flags = (await followUps())();
  await flags.keep(5, due);
  await labels(flags, feedOf({ 5: 0 }));
  assert.equal((await flags.list([5])).size, 1);
  await flags.confirm([5]);
  await labels(flags, feedOf({ 5: 0 }));
  assert.equal((await flags.list([5])).size, 0);
  // Set again it is another one than the device knew.
  assert.deepEqual(await flags.keep(5, due), { revision: 3, isNew: true });
});

test("mails take their flags along, and those that are gone leave none", async () => {
  const of = await followUps();
  await of().keep(5, due);
  await of().keep(6, due);
  await of().move({ serial: 2, epoch: "7" }, [{ number: 5, newNumber: 50 }]);
  assert.deepEqual([...(await of().list([5, 6])).keys()], [6]);
  assert.deepEqual([...(await of(2).list([50])).keys()], [50]);
  await labels(of(), feedOf({}, [6]));
  assert.equal((await of().list([6])).size, 0);
});

test("numbers of another epoch are other mails", async () => {
  const of = await followUps();
  await of().keep(5, due);
  assert.equal((await of(1, "8").list([5])).size, 0);
  await of(1, "8").keep(6, due);
  assert.equal((await of().list([5])).size, 0);
});
