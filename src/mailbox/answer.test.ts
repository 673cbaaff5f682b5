import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addAccount, Gateway, type TestAccount } from "../../test/mailbox/gateway.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { BackendUnavailable, type MailBackend, type MailTransport } from "../backend.ts";
import { createMemoryBackend } from "../backends/memory/backend.ts";
import type { MemoryMailbox } from "../backends/memory/mailbox.ts";
import { wholeOf } from "../kit/octets.ts";
import { moveAlias } from "../store/aliases.ts";
import type { SendStep } from "./intent-hold.ts";
import { OriginalGone, type About, type Submission } from "./mailbox.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());
const { database } = store;

const signal = new AbortController().signal;
const credential = { login: "ann", password: "secret", fingerprint: "f", clientAddress: "" };

const original = Buffer.from(
  "From: Bob <bob@example.test>\r\nTo: ann@example.test, eve@example.test\r\nMessage-ID: <1@x>\r\n" +
    "Subject: it\r\nContent-Type: multipart/mixed; boundary=m\r\n\r\n--m\r\n\r\nWords.\r\n--m\r\n" +
    `Content-Type: application/x-file; name=a\r\n\r\n${"x".repeat(200_000)}\r\n--m--\r\n`,
);

interface Scene extends AsyncDisposable {
  readonly account: TestAccount;
  readonly server: MemoryMailbox;
  readonly gateway: Gateway;
  readonly sent: readonly string[];
  /** What the answer is about: the mail in INBOX. */
  readonly about: About;
  another(laterMs?: number): Gateway;
}

async function scene(
  change: (backend: MailBackend) => MailBackend = (same) => same,
): Promise<Scene> {
  const account = await addAccount(database);
  const memory = createMemoryBackend();
  const server = memory.addUser(credential.login, credential.password);
  const sent: string[] = [];
  const transport: MailTransport = {
    send: async (_credential, { mime }) => void sent.push((await wholeOf(mime)).toString()),
    probe: async () => ({ capabilities: [] }),
    [Symbol.asyncDispose]: async () => {},
  };
  const servers = { backend: change(memory), transport };
  const gateways: Gateway[] = [];
  const another = (laterMs = 0): Gateway => {
    const nowMs = Date.UTC(2026, 10, 24) + laterMs;
    gateways.push(new Gateway(database, servers, { credential, nowMs }));
    return gateways.at(-1)!;
  };
  const gateway = another();
  const number = server.deliver(original);
  await using mailbox = await gateway.open(account);
  await mailbox.hierarchy();
  const about = { kind: "forward", collectionId: "f1", number, epoch: undefined } as const;
  return {
    account,
    server,
    gateway,
    sent,
    another,
    about: { ...about, isReplaced: false },
    [Symbol.asyncDispose]: async () => {
      for (const each of gateways) await each[Symbol.asyncDispose]();
    },
  };
}

function submission({ account, about }: Scene, more: Partial<Submission> = {}): Submission {
  const mime = Buffer.from("To: bob@example.test\r\nSubject: Fwd: it\r\n\r\nHello");
  return { deviceId: account.deviceId, clientId: "1", mime, saveInSent: true, about, ...more };
}

async function send(at: Scene, gateway: Gateway, what = submission(at)): Promise<void> {
  await using mailbox = await gateway.open(at.account);
  await mailbox.send(what, signal);
}

async function dieAt(step: SendStep, at: Scene): Promise<void> {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  at.gateway.checkpoint = async (each) => {
    if (each !== step) return;
    resolve();
    await new Promise(() => {});
  };
  const mailbox = await at.gateway.open(at.account);
  void mailbox.send(submission(at), signal);
  await reached;
  at.gateway.clock.forget();
}

function mailsIn(at: Scene, path: string): string[] {
  return [...at.server.folderAt(path).mails.values()].map(({ mime }) => mime.toString());
}

function flagsIn(at: Scene) {
  return at.server.folderAt("INBOX").mails.get(at.about.number)?.flags;
}

async function verbIn(at: Scene) {
  await using mailbox = await at.gateway.open(at.account);
  return (await mailbox.kept("f1", { done: [at.about.number], flagged: [] })).verbs.get(
    at.about.number,
  );
}

const deaths: readonly (readonly [SendStep, number])[] = [
  ["accepted", 1],
  ["delivered", 2],
  ["sent", 1],
  ["appended", 1],
  ["filed", 1],
];
for (const [step, mails] of deaths) {
  test(`Forward: killed at "${step}" and repeated, it goes out ${mails} time(s), and its original is marked`, async () => {
    await using at = await scene();
    await dieAt(step, at);
    assert.equal(flagsIn(at)?.forwarded, false);
    await send(at, at.another(60_000));
    await send(at, at.another(120_000));
    assert.equal(at.sent.length, mails);
    const copies = mailsIn(at, "Sent");
    assert.equal(copies.length, 1);
    for (const mail of [...at.sent, ...copies]) {
      assert.ok(mail.includes("Words.") && mail.includes("x".repeat(200_000)));
    }
    assert.equal(flagsIn(at)?.forwarded, true);
    // When it was forwarded is when that was accepted, however late it is repeated.
    assert.deepEqual(await verbIn(at), { verb: 3, executed: new Date(Date.UTC(2026, 10, 24)) });
  });
}

test("Forward: a copy whose original vanished after sending is filed without it", async () => {
  await using at = await scene();
  await dieAt("sent", at);
  at.server.expunge("INBOX", at.about.number);
  const later = at.another(60_000);
  await send(at, later);
  assert.equal(at.sent.length, 1);
  assert.match(mailsIn(at, "Sent")[0] ?? "", /^Subject: Fwd: it\r$.*Hello/ms);
  assert.ok(later.lines.some(({ message }) => message.includes("lacks its original")));
});

test("Forward: a mail that cannot be marked is sent all the same", async () => {
  await using at = await scene((backend) => withoutFlags(backend));
  await send(at, at.gateway);
  assert.equal(at.sent.length, 1);
  assert.ok(at.gateway.lines.some(({ message }) => message.includes("could not be marked")));
});

/** A backend whose sessions break off when a flag is set. */
function withoutFlags(backend: MailBackend): MailBackend {
  const open: MailBackend["open"] = async (...given) => {
    const session = await backend.open(...given);
    session.setFlags = () => Promise.reject(new BackendUnavailable("broken off"));
    return session;
  };
  return new Proxy(backend, {
    get: (target, name) => {
      if (name === "open") return open;
      const own: unknown = Reflect.get(target, name);
      return typeof own === "function" ? own.bind(target) : own;
    },
  });
}

test("Forward: an original of another epoch, or in a folder that is gone, sends nothing", async () => {
  await using at = await scene();
  const wrong = { ...at.about, epoch: "7" };
  await assert.rejects(send(at, at.gateway, submission(at, { about: wrong })), OriginalGone);
  at.server.renumber("INBOX");
  await assert.rejects(send(at, at.gateway), OriginalGone);
  at.server.create("Old");
  await using mailbox = await at.gateway.open(at.account);
  await mailbox.hierarchy();
  const gone = { ...at.about, collectionId: "f5" };
  at.server.delete("Old");
  await assert.rejects(send(at, at.gateway, submission(at, { about: gone })), OriginalGone);
  assert.equal(at.sent.length, 0);
});

test("Answer: an item that devices know by an earlier number is found and marked", async () => {
  await using at = await scene();
  const later = at.server.deliver(original);
  const epoch = at.server.folderAt("INBOX").epoch;
  at.server.expunge("INBOX", at.about.number);
  const scope = { accountId: at.account.id, serial: 1, epoch };
  const { number } = at.about;
  await moveAlias(database, scope, { number, uid: later, editor: null, parts: {}, from: number });
  await send(at, at.gateway, submission(at, { about: { ...at.about, kind: "reply" } }));
  assert.ok(at.sent[0]?.includes("> Words."));
  assert.equal(at.server.folderAt("INBOX").mails.get(later)?.flags.answered, true);
  assert.equal((await verbIn(at))?.verb, 1);
});

test("Answer: one that goes to another recipient of the original is one to all", async () => {
  await using at = await scene();
  const about = { ...at.about, kind: "reply" } as const;
  const mime = Buffer.from("To: bob@example.test\r\nCc: Eve@example.test\r\n\r\nHello");
  await send(at, at.gateway, submission(at, { about, mime }));
  assert.equal((await verbIn(at))?.verb, 2);
});

test("Answer: what was done with a mail goes along when it is moved", async () => {
  await using at = await scene();
  await send(at, at.gateway);
  at.server.create("Archive");
  await using mailbox = await at.gateway.open(at.account);
  await mailbox.hierarchy();
  const folders = await mailbox.foldersOf([1, 2, 3, 4, 5, 6]);
  const to = folders.find(({ displayName }) => displayName === "Archive")?.collectionId ?? "";
  const moves = { from: "f1", numbers: [at.about.number], to };
  const [moved] = await mailbox.move(moves);
  assert.ok(moved?.kind === "done" && moved.newNumber !== undefined);
  assert.deepEqual(await mailbox.move(moves), [moved]);
  assert.equal(
    (await mailbox.kept(to, { done: [moved.newNumber], flagged: [] })).verbs.get(moved.newNumber)
      ?.verb,
    3,
  );
  assert.equal((await mailbox.kept("f1", { done: [at.about.number], flagged: [] })).verbs.size, 0);
});

test("Answer: what was done with a mail goes along when it is thrown away, and comes back with it", async () => {
  await using at = await scene();
  await send(at, at.gateway);
  await using mailbox = await at.gateway.open(at.account);
  await mailbox.hierarchy();
  const folders = await mailbox.foldersOf([1, 2, 3, 4, 5]);
  const trash = folders.find(({ type }) => type === 4)?.collectionId ?? "";
  const [removed] = await mailbox.remove("f1", [at.about.number], true);
  assert.ok(removed?.kind === "done" && removed.newNumber !== undefined);
  assert.equal(
    (await mailbox.kept(trash, { done: [removed.newNumber], flagged: [] })).verbs.get(
      removed.newNumber,
    )?.verb,
    3,
  );
  const [back] = await mailbox.move({ from: trash, numbers: [removed.newNumber], to: "f1" });
  assert.ok(back?.kind === "done" && back.newNumber !== undefined);
  assert.equal(
    (await mailbox.kept("f1", { done: [back.newNumber], flagged: [] })).verbs.get(back.newNumber)
      ?.verb,
    3,
  );
});
