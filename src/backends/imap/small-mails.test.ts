import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import { credentialOf, imapBackend } from "../../../test/rig/mail/mailbox.ts";
import { startImapProxy } from "../../../test/rig/mail/proxy.ts";
import { mailServers, type MailServers } from "../../../test/rig/mail/servers.ts";
import { makeUnreadable } from "../../../test/rig/mail/storage.ts";
import type { MailItem, Part, PartFetched, PartWanted } from "../../items/email/message.ts";
import { StillClock } from "../../kit/still-clock.ts";
import { smallMailBytes, smallMailWorthBytes } from "./limits.ts";
import { areWorth } from "./small-mails.ts";

const forever = new AbortController().signal;
const path = "INBOX";
const limit = 5;
const shownBytes = 600;

/** What a FETCH asks for. */
const [ofMetadata, ofParts, ofWholes] = ["metadata", "parts", "wholes"];

function kindOf(fetch: string): string {
  if (fetch.includes("BODY.PEEK[]")) return ofWholes;
  return fetch.includes("BODYSTRUCTURE") ? ofMetadata : ofParts;
}

/** The text of each, of a long one the beginning. */
function shown(items: readonly MailItem[]): PartWanted[] {
  return items.map(({ number }) => ({ number, section: "1", maxBytes: shownBytes }));
}

interface Told {
  readonly items: readonly unknown[];
  readonly listed: readonly MailItem[];
  readonly parts: readonly PartFetched[];
}

suite("Small mails on a real Dovecot", () => {
  let mail: MailServers;
  before(async () => {
    mail = await mailServers();
  });
  after(() => mail.stop());

  async function userWith(mimes: readonly Buffer[]): Promise<string> {
    const user = mail.freshUser();
    await mail.seed(
      user,
      path,
      mimes.map((mime) => ({ mime })),
    );
    return user;
  }

  /** Windows from the top, each of a request of its own, and all that was fetched. `wanted`: read ahead for the next. */
  async function windows(
    user: string,
    count: number,
    wanted?: typeof shown,
  ): Promise<{ readonly told: readonly Told[]; readonly fetched: readonly string[] }> {
    await using proxy = await startImapProxy(mail.imap.port);
    await using backend = imapBackend(proxy.port, { clock: new StillClock(1) });
    const told: Told[] = [];
    let high = 1_000;
    for (let window = 1; window <= count; window++) {
      await using session = await backend.open(user, credentialOf(user), forever);
      const feed = session.feed(path);
      const now = await feed.position();
      high = Math.min(high, now.next - 1);
      const { items, reached } = await feed.newest({ low: 1, high }, limit);
      const numbers = items.map(({ number }) => number);
      const listed = await session.list(path, numbers, now.epoch);
      const parts = await session.fetchParts(path, shown(listed), now.epoch);
      told.push({ items, listed: inOrder(listed), parts: inOrder(parts) });
      high = reached - 1;
      if (wanted === undefined || window === count) continue;
      session.readAhead(path, now, { range: { low: 1, high }, limit, wanted });
    }
    const fetches = proxy.said.filter((line) => line.startsWith("UID FETCH"));
    return { told, fetched: fetches.map(kindOf) };
  }

  function inOrder<Numbered extends { readonly number: number }>(
    all: readonly Numbered[],
  ): Numbered[] {
    return all.toSorted((one, other) => one.number - other.number);
  }

  /** As imapflow reads a type that no mail here names. */
  function withoutCharset(told: readonly Told[]): unknown {
    return JSON.parse(JSON.stringify(told).replaceAll('{"charset":"us-ascii"}', "{}"));
  }

  const small = (at: number): Buffer =>
    Buffer.from(
      `From: "Sender ${at}" <s${at}@example.test>\r\nSubject: ${at}\r\n\r\n${at} ${"x".repeat(800)}`,
    );
  const odd = (at: number): Buffer =>
    Buffer.from(
      `Subject: odd ${at}\r\nContent-Type: text/plain; name="=?utf-8?Q?x?="\r\n\r\n${at} ${"x".repeat(800)}`,
    );
  const large = (at: number): Buffer =>
    Buffer.from(`Subject: large ${at}\r\n\r\n${"y".repeat(smallMailBytes)}`);
  const all = (count: number, of: (at: number) => Buffer): Buffer[] =>
    Array.from({ length: count }, (_, at) => of(at));

  test("They come whole, by one command for all, once a window of such was shown, and tell the same", async () => {
    const user = await userWith(all(20, small));
    const { told, fetched } = await windows(user, 4, shown);
    const inParts = [ofMetadata, ofParts];
    assert.deepEqual(fetched, [...inParts, ...inParts, ofWholes, ofWholes]);
    assert.equal(told.flatMap(({ parts }) => parts).length, 20);
    assert.deepEqual(withoutCharset(told), withoutCharset((await windows(user, 4)).told));
  });

  test("A large one among them, and one that servers read each in its way, are asked for as others are", async () => {
    const mails = all(20, small);
    mails[7] = odd(7);
    mails[1] = large(1);
    const user = await userWith(mails);
    const { told, fetched } = await windows(user, 4, shown);
    const inParts = [ofMetadata, ofParts];
    const inBoth = [ofWholes, ...inParts];
    assert.deepEqual(fetched, [...inParts, ...inParts, ...inBoth, ...inBoth]);
    assert.deepEqual(withoutCharset(told), withoutCharset((await windows(user, 4)).told));
  });

  test("After a window that came whole for nothing the next one comes in parts", async () => {
    const user = await userWith(all(20, odd));
    const { told, fetched } = await windows(user, 4, shown);
    const inParts = [ofMetadata, ofParts];
    assert.deepEqual(fetched, [...inParts, ...inParts, ofWholes, ...inParts, ...inParts]);
    assert.deepEqual(told, (await windows(user, 4)).told);
  });

  test("Where numbers are missing the same mails are told", async () => {
    const user = await userWith(all(60, small));
    await using other = await mail.imapClient(user);
    await other.mailboxOpen(path);
    await other.messageDelete("4:9,20:40,50,53,57", { uid: true });
    const { told, fetched } = await windows(user, 5, shown);
    assert.ok(fetched.includes(ofWholes));
    assert.deepEqual(withoutCharset(told), withoutCharset((await windows(user, 5)).told));
  });

  test("One that the server cannot read is asked for with the others as if nothing had been read ahead", async () => {
    const user = await userWith(all(20, small));
    await makeUnreadable(mail, user, [8]);
    const { told, fetched } = await windows(user, 4, shown);
    assert.ok(fetched.includes(ofWholes));
    assert.equal(told.flatMap(({ parts }) => parts).length, 19);
    assert.deepEqual(withoutCharset(told), withoutCharset((await windows(user, 4)).told));
  });

  test("Large ones come in parts", async () => {
    const user = await userWith(all(20, (at) => (at % 2 === 0 ? large(at) : small(at))));
    const { fetched } = await windows(user, 4, shown);
    assert.ok(!fetched.includes(ofWholes));
  });

  test("Where nothing of them is shown they do not come", async () => {
    const user = await userWith(all(20, small));
    const { fetched } = await windows(user, 4, () => []);
    assert.ok(fetched.includes(ofMetadata));
    assert.ok(!fetched.includes(ofWholes));
  });
});

suite("Whether mails are worth to come whole", () => {
  const structure = {} as Part;
  const mailsOf = (sizes: readonly number[]): MailItem[] =>
    sizes.map((sizeBytes, at) => ({ number: at + 1, sizeBytes, structure }) as MailItem);
  const most = 20_000;

  test("Up to so many octets that are not shown, on the whole", () => {
    const cases: readonly (readonly [sizes: number[], shownOf: number[], expected: boolean])[] = [
      [[1_000, 1_000], [500, 500], true],
      [[1_000, 1_000], [], true],
      [[15_000], [15_000 - smallMailWorthBytes + 1], true],
      [[15_000], [15_000 - smallMailWorthBytes], false],
      [[most], [most], false],
      [[1_000, 1_000, 1_000, 1_000, most], [500, 500, 500, 500, most], true],
      [[1_000, 1_000, most], [500, 500, most], false],
      [[], [], false],
    ];
    for (const [sizes, shownOf, expected] of cases) {
      const wanted = shownOf.map((maxBytes, at) => ({ number: at + 1, section: "1", maxBytes }));
      const text = `${String(sizes)} of which ${String(shownOf)} are shown`;
      assert.equal(areWorth({ items: mailsOf(sizes), wanted, most }), expected, text);
    }
  });
});
