import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { BackendError, type MailSession } from "../../backend.ts";
import { octetsOf } from "../../kit/octets.ts";
import { credentialOf, leaseMailbox } from "../../../test/rig/mail/mailbox.ts";
import { startImapProxy } from "../../../test/rig/mail/proxy.ts";
import { realisticMails } from "../../../test/rig/mail/seed.ts";
import { mailServers, type MailServers } from "../../../test/rig/mail/servers.ts";
import { quiet } from "../../../test/rig/quiet-log.ts";
import { appendMail } from "./append.ts";
import { ImapConnection } from "./connection.ts";

let mail: MailServers;
before(async () => {
  mail = await mailServers();
});
after(() => mail.stop());

async function seeded(count: number): Promise<string> {
  const user = mail.freshUser();
  await mail.seed(user, "INBOX", realisticMails(count));
  return user;
}

/** The flags of mails as another client sees them. */
async function flagsThere(user: string, set: string): Promise<ReadonlyMap<number, Set<string>>> {
  await using client = await mail.imapClient(user);
  await client.mailboxOpen("INBOX");
  const all = await client.fetchAll(set, { uid: true, flags: true }, { uid: true });
  return new Map(all.map(({ uid, flags }) => [uid, flags ?? new Set()]));
}

async function stateOf(session: MailSession, number: number) {
  const [item] = await session.list("INBOX", [number]);
  return item?.flags;
}

async function faultOf(work: Promise<unknown>): Promise<string> {
  const error: unknown = await work.then(
    () => "no error",
    (reason: unknown) => reason,
  );
  return error instanceof BackendError ? error.fault : String(error);
}

test("Flags: each property is set and cleared alone, seen by another client", async () => {
  const user = await seeded(3);
  await using leased = await leaseMailbox(mail.imap.port, user);
  const { session } = leased;
  const outcomes = await session.setFlags("INBOX", [
    { number: 2, seen: true, flagStatus: 2, answered: true, forwarded: true },
    { number: 3, flagStatus: 1 },
    { number: 77, seen: true },
  ]);
  assert.deepEqual(
    outcomes.map(({ kind }) => kind),
    ["done", "done", "gone"],
  );
  const there = await flagsThere(user, "1:3");
  assert.deepEqual(
    [...(there.get(2) ?? [])].toSorted(),
    ["$Forwarded", "\\Answered", "\\Flagged", "\\Seen"].toSorted(),
  );
  assert.equal((await stateOf(session, 3))?.flagStatus, 1);
  await session.setFlags("INBOX", [{ number: 2, flagStatus: 0, answered: false }]);
  const state = await stateOf(session, 2);
  assert.deepEqual(
    [state?.seen, state?.flagStatus, state?.answered, state?.forwarded],
    [true, 0, false, true],
  );
});

test("Flags: a change since the mark is a conflict, the device's own second change is none", async () => {
  const user = await seeded(2);
  await using leased = await leaseMailbox(mail.imap.port, user);
  const { session } = leased;
  const { mark } = await session.feed("INBOX").position();
  const change = [{ number: 2, flagStatus: 2, seen: true } as const];
  const [first] = await session.setFlags("INBOX", change, { unchangedSince: mark });
  assert.equal(first?.kind, "done");
  const [late] = await session.setFlags("INBOX", [{ number: 2, flagStatus: 1 }], {
    unchangedSince: mark,
  });
  assert.equal(late?.kind, "conflict");
  assert.equal((await stateOf(session, 2))?.flagStatus, 2);
  const now = await session.feed("INBOX").position();
  const [fresh] = await session.setFlags("INBOX", [{ number: 2, flagStatus: 1 }], {
    unchangedSince: now.mark,
  });
  assert.equal(fresh?.kind, "done");
  assert.equal((await stateOf(session, 2))?.flagStatus, 1);
});

test("Categories: names of any form come back, one too long for a keyword spoils nothing", async () => {
  const user = await seeded(1);
  await using leased = await leaseMailbox(mail.imap.port, user);
  const { session } = leased;
  const names = ["Blue", "Rote Käse", "重要", "To Do", 'a\\b(c)*%"', "eas-x"].toSorted();
  const tooLong = "Очень длинная категория с кириллицей";
  const [outcome] = await session.setFlags("INBOX", [
    { number: 1, seen: true, categories: [...names, tooLong] },
  ]);
  assert.equal(outcome?.kind, "done");
  assert.deepEqual((await stateOf(session, 1))?.categories, names);
  await session.setFlags("INBOX", [{ number: 1, categories: ["Blue"] }]);
  assert.deepEqual((await stateOf(session, 1))?.categories, ["Blue"]);
});

test("Categories: another client's keyword is a category, what programs note for themselves is none", async () => {
  const user = await seeded(1);
  await using client = await mail.imapClient(user);
  await client.mailboxOpen("INBOX");
  await client.messageFlagsAdd("1", ["Project-X", "NonJunk", "$MDNSent"], { uid: true });
  await using leased = await leaseMailbox(mail.imap.port, user);
  assert.deepEqual((await stateOf(leased.session, 1))?.categories, ["Project-X"]);
});

test("Move: numbers of the destination are told, what is gone is gone", async () => {
  const user = await seeded(5);
  await using leased = await leaseMailbox(mail.imap.port, user);
  const { session } = leased;
  const outcomes = await session.move("INBOX", [2, 4, 99], "Archive");
  assert.deepEqual(outcomes, [
    { number: 2, kind: "done", newNumber: 1 },
    { number: 4, kind: "done", newNumber: 2 },
    { number: 99, kind: "gone" },
  ]);
  assert.equal(await faultOf(session.move("INBOX", [1], "Nowhere")), "no such folder");
  const [moved] = await session.list("Archive", [2]);
  assert.equal(moved?.envelope.messageId.replaceAll(/[<>]/g, ""), "3@seed.test");
});

test("Move and remove: a server without MOVE, UIDPLUS and CONDSTORE does both", async () => {
  const user = await seeded(4);
  const without = ["MOVE", "UIDPLUS", "CONDSTORE", "QRESYNC", "ESEARCH", "LIST-STATUS"];
  await using poor = await startImapProxy(mail.imap.port, { without });
  await using other = await mail.imapClient(user);
  await other.mailboxOpen("INBOX");
  await other.messageFlagsAdd("1", ["\\Deleted"], { uid: true });
  await using leased = await leaseMailbox(poor.port, user);
  const { session } = leased;
  const [moved] = await session.move("INBOX", [2], "Trash");
  assert.equal(moved?.kind, "done");
  const [removed, gone] = await session.remove("INBOX", [3, 2]);
  assert.deepEqual([removed?.kind, gone?.kind], ["done", "gone"]);
  const there = await flagsThere(user, "1:*");
  assert.deepEqual([...there.keys()], [1, 4], "another client's deleted mail stays");
  assert.ok(there.get(1)?.has("\\Deleted"));
  assert.equal((await session.feed("Trash").position()).count, 1);
});

test("Append: the number is told; flags and octets arrive as they are", async () => {
  const user = mail.freshUser();
  await using leased = await leaseMailbox(mail.imap.port, user);
  const { session } = leased;
  const mime = Buffer.from("Subject: kept\r\nMessage-ID: <kept@test>\r\n\r\nb\xf6dy\r\n", "latin1");
  const number = await session.append("Sent", mime, { seen: true, categories: ["Blue"] });
  assert.equal(number, 1);
  const [part] = await session.fetchParts("Sent", [{ number: 1, section: "" }]);
  assert.deepEqual(part?.bytes, mime);
  const [item] = await session.list("Sent", [1]);
  assert.deepEqual([item?.flags.seen, item?.flags.categories], [true, ["Blue"]]);
  assert.equal(await session.findByMessageId("Sent", "<kept@test>", 1), 1);
  assert.equal(await session.findByMessageId("Sent", "<kept@test>", 2), undefined);
  assert.equal(await faultOf(session.append("Nowhere", mime, {})), "no such folder");
});

test("Append: what is larger than the server has said to take is not sent", async () => {
  const server = { host: "127.0.0.1", port: mail.imap.port, security: "plain" } as const;
  const credential = credentialOf(mail.freshUser());
  const settings = { log: quiet, silenceMs: 60_000 };
  const connection = await ImapConnection.open(server, credential, settings);
  connection.client.capabilities.set("APPENDLIMIT", 10);
  const sentBefore = connection.commands;
  const large = { mime: octetsOf(Buffer.from("a: b\r\n\r\nlarge\r\n")), flags: {} };
  assert.equal(await faultOf(appendMail(connection, "Sent", large)), "too large");
  assert.equal(connection.commands, sentBefore);
  connection.drop();
});

test("Append, move: a full mailbox is told as over quota", async () => {
  const user = mail.freshUser("full");
  await using leased = await leaseMailbox(mail.imap.port, user);
  const { session } = leased;
  const large = Buffer.from(`Subject: large\r\n\r\n${"x".repeat(78)}\r\n`.repeat(400));
  assert.equal(await faultOf(session.append("Sent", large, {})), "over quota");
  assert.equal((await session.feed("Sent").position()).count, 0);
});
