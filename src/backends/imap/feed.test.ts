import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import type { Feed, FeedItem, NumberRange, Position } from "../../feed.ts";
import { flagsOfMailVersion } from "../../items/email/version.ts";
import { leaseMailbox } from "../../../test/rig/mail/mailbox.ts";
import { startImapProxy } from "../../../test/rig/mail/proxy.ts";
import { realisticMails, type SeedMail } from "../../../test/rig/mail/seed.ts";
import { mailServers, startMailServers, type MailServers } from "../../../test/rig/mail/servers.ts";
import { StillClock } from "../../kit/still-clock.ts";

const everything: NumberRange = { low: 1, high: 4_294_967_295 };
const dayMs = 86_400_000;

let mail: MailServers;
before(async () => {
  mail = await mailServers();
});
after(() => mail.stop());

async function seeded(mails: readonly SeedMail[]): Promise<string> {
  const user = mail.freshUser();
  await mail.seed(user, "INBOX", mails);
  return user;
}

const plain = (count: number): SeedMail[] =>
  Array.from({ length: count }, (_, index) => ({
    mime: Buffer.from(`Subject: ${index}\r\n\r\nx\r\n`),
  }));

function numbersOf(items: readonly FeedItem[]): number[] {
  return items.map(({ number }) => number).toSorted((one, other) => one - other);
}

function has(ranges: readonly NumberRange[], number: number): boolean {
  return ranges.some(({ low, high }) => low <= number && number <= high);
}

/** Servers on which the same must hold, by what they lack. */
const servers: Readonly<Record<string, readonly string[]>> = {
  everything: [],
  "no QRESYNC": ["QRESYNC"],
  "no CONDSTORE": ["CONDSTORE", "QRESYNC"],
  "no marks of its folders": ["MODSEQ"],
  "neither CONDSTORE nor ESEARCH": ["CONDSTORE", "QRESYNC", "ESEARCH", "WITHIN"],
};

for (const [name, without] of Object.entries(servers)) {
  test(`Feed (${name}): flags, deletions and arrivals since a position are told`, async () => {
    const user = await seeded(plain(20));
    await using proxy = await startImapProxy(mail.imap.port, { without });
    await using leased = await leaseMailbox(proxy.port, user, { clock: new StillClock() });
    const known = await leased.session.feed("INBOX").position();
    assert.deepEqual([known.next, known.count], [21, 20]);
    await using other = await mail.imapClient(user);
    await other.mailboxOpen("INBOX");
    await other.messageFlagsAdd("3,5", ["\\Seen", "\\Flagged"], { uid: true });
    await other.messageDelete("7,9:10", { uid: true });
    await mail.deliver(user, Buffer.from("Subject: new\r\n\r\nx\r\n"));

    const feed = leased.session.feed("INBOX");
    const now = await feed.position();
    assert.deepEqual([now.next, now.count, now.epoch], [22, 18, known.epoch]);
    assert.ok(now.mark > known.mark);
    const { items, gone } = await feed.changed(everything, known);
    const versions = new Map(items.map(({ number, version }) => [number, version]));
    for (const number of [3, 5]) {
      const flags = flagsOfMailVersion(versions.get(number) ?? 0);
      assert.deepEqual([flags.seen, flags.flagStatus], [true, 2]);
    }
    assert.ok(versions.has(21));
    for (const number of [7, 9, 10]) assert.ok(has(gone, number) && !versions.has(number));
    for (const number of [1, 3, 8, 20, 21]) assert.ok(!has(gone, number));

    const slice = await feed.changed({ low: 4, high: 8 }, known);
    assert.ok(slice.items.every(({ number }) => number >= 4 && number <= 8));
    assert.ok(numbersOf(slice.items).includes(5) && has(slice.gone, 7));
    const again = await leased.session.feed("INBOX").changed(everything, now);
    assert.deepEqual(
      again.gone.filter(({ low }) => low <= 8 && low !== 7),
      [],
    );
  });
}

test("Feed: a capability that the settings name as broken is not used", async () => {
  const user = await seeded(plain(3));
  await using proxy = await startImapProxy(mail.imap.port);
  const withoutCapabilities = ["qresync"];
  await using leased = await leaseMailbox(proxy.port, user, { withoutCapabilities });
  const feed = leased.session.feed("INBOX");
  const known = await feed.position();
  await feed.changed(everything, { ...known, count: 4 });
  assert.ok(!proxy.said.some((line) => /QRESYNC|VANISHED/.test(line)));
  assert.ok(proxy.said.some((line) => line.startsWith("UID SEARCH")));
});

test("Feed: a look without a change is one command, the first window two and a SELECT", async () => {
  const user = await seeded(plain(300));
  await using proxy = await startImapProxy(mail.imap.port);
  await using leased = await leaseMailbox(proxy.port, user);
  const feed = leased.session.feed("INBOX");
  const from = proxy.said.length;
  await feed.position();
  await feed.newest(everything, 100);
  assert.deepEqual(
    proxy.said.slice(from).map((line) => line.split(" ").slice(0, 2).join(" ")),
    ['STATUS "INBOX"', "SELECT INBOX", "UID FETCH"],
  );
  assert.equal(leased.session.roundTrips(), 3);
});

test("Feed: another pooled connection's old view never hides what a mark counts in", async () => {
  const user = await seeded(plain(5));
  await using proxy = await startImapProxy(mail.imap.port);
  await using leased = await leaseMailbox(proxy.port, user);
  const { session } = leased;
  const first = await session.feed("INBOX").position();
  // Three connections, each with a view of its own.
  await Promise.all([1, 2, 3].map((number) => session.list("INBOX", [number])));
  await using other = await mail.imapClient(user);
  await other.mailboxOpen("INBOX");
  let known: Position = first;
  for (const [round, number] of [5, 4, 3, 2, 1].entries()) {
    await other.messageFlagsAdd(`${number}`, ["\\Seen"], { uid: true });
    await mail.deliver(user, Buffer.from("Subject: next\r\n\r\nx\r\n"));
    const feed: Feed = session.feed("INBOX");
    const now = await feed.position();
    assert.equal(now.next, 7 + round);
    const looks = await Promise.all([1, 2, 3].map(() => feed.changed(everything, known)));
    for (const { items } of looks) assert.deepEqual(numbersOf(items), [number, 6 + round]);
    known = now;
  }
});

test("Feed: the newest come first, holes are crossed, nothing is named twice or left out", async () => {
  const user = await seeded(plain(2000));
  await using other = await mail.imapClient(user);
  await other.mailboxOpen("INBOX");
  await other.messageDelete("3:1500,1502:1700,1702:1995", { uid: true });
  await using leased = await leaseMailbox(mail.imap.port, user);
  const feed = leased.session.feed("INBOX");
  const found: number[] = [];
  for (let high = everything.high; high >= 1;) {
    const { items, reached } = await feed.newest({ low: 1, high }, 3);
    assert.ok(items.length <= 12);
    assert.deepEqual(
      numbersOf(items).toReversed(),
      items.map(({ number }) => number),
    );
    assert.ok(items.every(({ number }) => number >= reached && number <= high));
    found.push(...items.map(({ number }) => number));
    high = reached - 1;
  }
  assert.deepEqual(found, [2000, 1999, 1998, 1997, 1996, 1701, 1501, 2, 1]);
  assert.deepEqual(await feed.newest({ low: 3, high: 1500 }, 5), { items: [], reached: 3 });
});

test("Feed: the days of a filter are UTC days, on a server 14 hours ahead too", async () => {
  await using ahead = await startMailServers({ timeZone: "Pacific/Kiritimati" });
  for (const server of [mail, ahead]) {
    const day = 20_000;
    const hours = Array.from({ length: 96 }, (_, hour) => (day - 2) * dayMs + hour * 3_600_000);
    const user = server.freshUser();
    const mails = hours.map((ms) => ({
      mime: Buffer.from("a: b\r\n\r\n"),
      received: new Date(ms),
    }));
    await server.seed(user, "INBOX", mails);
    await using leased = await leaseMailbox(server.imap.port, user);
    const feed = leased.session.feed("INBOX");
    assert.deepEqual(await feed.within(everything, day), [{ low: 49, high: 96 }]);
    assert.deepEqual(await feed.within({ low: 1, high: 60 }, day), [{ low: 49, high: 60 }]);
    const known = [
      { low: 10, high: 12 },
      { low: 48, high: 50 },
      { low: 96, high: 99 },
    ];
    assert.deepEqual(await feed.withinKnown(known, day), [
      { low: 49, high: 50 },
      { low: 96, high: 96 },
    ]);
    const { items } = await feed.newest(everything, 100);
    const inside = items.filter((item) => item.day >= day);
    assert.deepEqual(numbersOf(inside), numbersOf(items).slice(48));
  }
});

test("Feed: 10,000 flags set at once by another client are told in one command", async () => {
  const user = await seeded(plain(10_000));
  await using proxy = await startImapProxy(mail.imap.port);
  await using leased = await leaseMailbox(proxy.port, user);
  const known = await leased.session.feed("INBOX").position();
  await using other = await mail.imapClient(user);
  await other.mailboxOpen("INBOX");
  await other.messageFlagsAdd("1:*", ["\\Seen"], { uid: true, silent: true });
  const feed = leased.session.feed("INBOX");
  await feed.position();
  const from = proxy.said.length;
  const { items } = await feed.changed(everything, known);
  assert.equal(items.length, 10_000);
  assert.ok(items.every(({ version }) => flagsOfMailVersion(version).seen));
  assert.equal(proxy.said.slice(from).filter((line) => line.startsWith("UID FETCH")).length, 1);
});

test("Feed: a folder made anew under its name has another epoch, and its own mails", async () => {
  const user = await seeded(realisticMails(1));
  await mail.seed(user, "Work", plain(3));
  await using leased = await leaseMailbox(mail.imap.port, user);
  const { session } = leased;
  const earlier = await session.feed("Work").position();
  await session.list("Work", [1]);
  await using other = await mail.imapClient(user);
  await other.mailboxRename("Work", "Old");
  await mail.seed(user, "Work", plain(1));
  const paths = (await session.folders()).map(({ path }) => path);
  assert.ok(paths.includes("Old") && paths.includes("Work"));
  const feed = session.feed("Work");
  const now = await feed.position();
  assert.notEqual(now.epoch, earlier.epoch);
  assert.equal(now.count, 1);
  assert.deepEqual(numbersOf((await feed.newest(everything, 10)).items), [1]);
});
