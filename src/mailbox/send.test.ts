import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addAccount, Gateway, type TestAccount } from "../../test/mailbox/gateway.ts";
import { ScriptedMail } from "../../test/mailbox/scripted-mail.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { BackendError, BackendUnavailable, SendRefused } from "../backend.ts";
import type { SendStep } from "./intent-hold.ts";
import type { Submission } from "./mailbox.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());
const { database } = store;

const signal = new AbortController().signal;
const minuteMs = 60_000;

interface Scene extends AsyncDisposable {
  readonly account: TestAccount;
  readonly server: ScriptedMail;
  readonly gateway: Gateway;
  /** Another process, at the same time or later. */
  another(laterMs?: number): Gateway;
}

async function scene(): Promise<Scene> {
  const account = await addAccount(database);
  const server = new ScriptedMail();
  const gateway = new Gateway(database, server);
  const gateways = [gateway];
  const another = (laterMs = 0): Gateway => {
    const nowMs = gateway.clock.now() + laterMs;
    const next = new Gateway(database, server, { nowMs });
    gateways.push(next);
    return next;
  };
  const dispose = async (): Promise<void> => {
    for (const each of gateways) await each[Symbol.asyncDispose]();
  };
  return {
    account,
    server,
    gateway,
    another,
    [Symbol.asyncDispose]: dispose,
  };
}

function submission(
  account: TestAccount,
  more: Partial<Submission> & { body?: string } = {},
): Submission {
  const mime = Buffer.from(
    `To: bob@example.test\r\nBcc: eve@example.test\r\nSubject: Hi\r\n\r\n${more.body ?? "Hello"}`,
  );
  return { deviceId: account.deviceId, clientId: "1", mime, saveInSent: true, ...more };
}

async function send(gateway: Gateway, account: TestAccount, what: Submission): Promise<void> {
  await using mailbox = await gateway.open(account);
  await mailbox.send(what, signal);
}

/** Sends until the named point and never goes on: a process that was killed there. */
async function dieAt(step: SendStep, gateway: Gateway, account: TestAccount): Promise<void> {
  const { promise: reached, resolve } = Promise.withResolvers<void>();
  gateway.checkpoint = async (each) => {
    if (each !== step) return;
    resolve();
    await new Promise(() => {});
  };
  const mailbox = await gateway.open(account);
  void mailbox.send(submission(account), signal);
  await reached;
  gateway.clock.forget();
}

function messageIdOf(mime: string | Buffer | undefined): string {
  return /^Message-ID: (<[^<>]+>)\r$/m.exec(String(mime))?.[1] ?? "none";
}

test("Send: a mail goes out without Bcc to all recipients and is filed with Bcc", async () => {
  await using at = await scene();
  await send(at.gateway, at.account, submission(at.account));
  const [sent] = at.server.sent;
  assert.deepEqual(sent?.recipients, ["bob@example.test", "eve@example.test"]);
  assert.equal(sent?.from, at.account.email);
  assert.ok(!sent?.mime.includes("eve@"));
  assert.equal(at.server.mailsIn("Sent").length, 1);
  assert.match(at.server.mailsIn("Sent")[0] ?? "", /^Bcc: eve@example\.test\r$/m);
  assert.equal(messageIdOf(at.server.mailsIn("Sent")[0]), messageIdOf(sent?.mime));
  assert.equal(at.server.leases, 0);
});

test("Send: without SaveInSentItems nothing is filed and no mailbox is opened", async () => {
  await using at = await scene();
  await send(at.gateway, at.account, submission(at.account, { saveInSent: false }));
  assert.deepEqual([at.server.sent.length, at.server.opened], [1, 0]);
});

test("Send: the same ClientId again is a success and sends nothing, also from another process", async () => {
  await using at = await scene();
  await send(at.gateway, at.account, submission(at.account));
  await send(at.gateway, at.account, submission(at.account));
  await send(at.another(minuteMs), at.account, submission(at.account));
  assert.deepEqual([at.server.sent.length, at.server.mailsIn("Sent").length], [1, 1]);
});

test("Send: the same ClientId on another device is another mail", async () => {
  await using at = await scene();
  const other = await addAccount(database);
  await send(at.gateway, at.account, submission(at.account));
  await send(at.gateway, other, submission(other));
  assert.equal(at.server.sent.length, 2);
});

test("Send: another mail under the same ClientId is sent and logged, and each is known again", async () => {
  await using at = await scene();
  for (const body of ["one", "two", "one", "two"]) {
    await send(at.gateway, at.account, submission(at.account, { mime: mimeWith(body) }));
  }
  assert.equal(at.server.sent.length, 2);
  assert.equal(at.gateway.lines.filter(({ message }) => message.includes("ClientId")).length, 1);
});

function mimeWith(body: string, header = ""): Buffer {
  return Buffer.from(`To: bob@example.test\r\n${header}\r\n${body}`);
}

test("Send: without ClientId, Message-ID and body name the mail", async () => {
  await using at = await scene();
  const of = (mime: Buffer) => submission(at.account, { clientId: undefined, mime });
  await send(at.gateway, at.account, of(mimeWith("a", "Message-ID: <1@x>\r\nDate: one\r\n")));
  await send(at.gateway, at.account, of(mimeWith("a", "Message-ID: <1@x>\r\nDate: two\r\n")));
  assert.equal(at.server.sent.length, 1);
  await send(at.gateway, at.account, of(mimeWith("b", "Message-ID: <1@x>\r\n")));
  await send(at.gateway, at.account, of(mimeWith("a", "Message-ID: <2@x>\r\n")));
  assert.equal(at.server.sent.length, 3);
});

test("Send: the same words without any id are a repeat at first, later a new mail", async () => {
  await using at = await scene();
  const same = submission(at.account, { clientId: undefined });
  await send(at.gateway, at.account, same);
  await send(at.gateway, at.account, same);
  assert.equal(at.server.sent.length, 1);
  await send(at.another(20 * minuteMs), at.account, same);
  assert.equal(at.server.sent.length, 2);
});

test("Send: of two at once one sends, the other waits for it and succeeds", async () => {
  await using at = await scene();
  const sending = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  at.server.whileSending = async () => {
    began.resolve();
    await sending.promise;
  };
  const first = send(at.gateway, at.account, submission(at.account));
  await began.promise;
  const second = at.another();
  const other = send(second, at.account, submission(at.account));
  await until(() => second.clock.pending() > 0);
  sending.resolve();
  await first;
  second.clock.advance(1000);
  await other;
  assert.deepEqual([at.server.sent.length, at.server.mailsIn("Sent").length], [1, 1]);
});

test("Send: a lease is renewed while the server takes its time", async () => {
  await using at = await scene();
  const sending = Promise.withResolvers<void>();
  const began = Promise.withResolvers<void>();
  at.server.whileSending = async () => {
    began.resolve();
    await sending.promise;
  };
  const first = send(at.gateway, at.account, submission(at.account));
  await began.promise;
  for (let seconds = 0; seconds < 60; seconds += 10) {
    at.gateway.clock.advance(10_000);
    const endsMs = at.gateway.clock.now() + 30_000;
    await until(async () => (await leaseUntil(at.account)) === endsMs);
  }
  const second = at.another();
  const other = send(second, at.account, submission(at.account));
  await until(() => second.clock.pending() > 0);
  sending.resolve();
  await first;
  second.clock.advance(1000);
  await other;
  assert.equal(at.server.sent.length, 1);
});

async function leaseUntil(account: TestAccount): Promise<number> {
  const text = "SELECT lease_until AS until FROM intents WHERE account_id = $1";
  const rows = await database.rows<{ until: Date }>("test.lease", text, [account.id]);
  return rows[0]?.until.getTime() ?? 0;
}

/** Looks until it is so: the database answers in its own time. */
async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}

test("Send: who waits for another ends with the signal", async () => {
  await using at = await scene();
  await dieAt("accepted", at.gateway, at.account);
  const gateway = at.another();
  const abort = new AbortController();
  await using mailbox = await gateway.open(at.account);
  const waiting = mailbox.send(submission(at.account), abort.signal);
  await until(() => gateway.clock.pending() > 0);
  abort.abort(new Error("hung up"));
  await assert.rejects(waiting, /hung up/);
  assert.deepEqual([gateway.clock.pending(), at.server.sent.length], [0, 0]);
});

const deaths: readonly (readonly [SendStep, number])[] = [
  ["accepted", 1],
  // The one unknowable window: twice, with the same Message-ID.
  ["delivered", 2],
  ["sent", 1],
  ["appended", 1],
  ["filed", 1],
];
for (const [step, mails] of deaths) {
  test(`Send: killed at "${step}" and repeated, the mail goes out ${mails} time(s), with one copy`, async () => {
    await using at = await scene();
    await dieAt(step, at.gateway, at.account);
    await send(at.another(minuteMs), at.account, submission(at.account));
    await send(at.another(2 * minuteMs), at.account, submission(at.account));
    assert.equal(at.server.sent.length, mails);
    assert.equal(at.server.mailsIn("Sent").length, 1);
    const ids = new Set([
      ...at.server.sent.map(({ mime }) => messageIdOf(mime)),
      messageIdOf(at.server.mailsIn("Sent")[0]),
    ]);
    assert.equal(ids.size, 1);
  });
}

test("Send: refused or broken off, it fails, and the repeat sends", async () => {
  await using at = await scene();
  at.server.failOnce("send", new SendRefused("recipients", "no such user"));
  await assert.rejects(send(at.gateway, at.account, submission(at.account)), SendRefused);
  at.server.failOnce("send", new BackendUnavailable("broken off"));
  await assert.rejects(send(at.gateway, at.account, submission(at.account)), BackendUnavailable);
  await send(at.gateway, at.account, submission(at.account));
  assert.deepEqual([at.server.sent.length, at.server.mailsIn("Sent").length], [1, 1]);
});

test("Send: a server that hangs is given up after five minutes and not before, and the repeat sends", async () => {
  await using at = await scene();
  const began = Promise.withResolvers<AbortSignal>();
  at.server.whileSending = (limit) => {
    began.resolve(limit);
    return new Promise((_, reject) => {
      limit.addEventListener("abort", () => reject(limit.reason));
    });
  };
  const hung = send(at.gateway, at.account, submission(at.account));
  const given = await began.promise;
  at.gateway.clock.advance(5 * minuteMs - 1);
  assert.equal(given.aborted, false);
  at.gateway.clock.advance(1);
  await assert.rejects(hung, BackendUnavailable);
  at.server.whileSending = async () => {};
  await send(at.gateway, at.account, submission(at.account));
  assert.deepEqual([at.server.sent.length, at.server.mailsIn("Sent").length], [1, 1]);
});

test("Send: a mail without recipients, or with one that has no address, is refused before anything", async () => {
  await using at = await scene();
  const cases = [
    ["Subject: x", "no recipients"],
    ["To: bob@example.test, Nobody", "recipients"],
  ];
  for (const [header, fault] of cases) {
    const mime = Buffer.from(`${header}\r\n\r\nbody`);
    const attempt = send(at.gateway, at.account, submission(at.account, { mime }));
    await assert.rejects(attempt, { name: "SendRefused", fault });
  }
  assert.equal(at.server.sent.length, 0);
});

test("Send: a copy that cannot be filed is filed at a later request, also of another process, once", async () => {
  await using at = await scene();
  at.server.failOnce("append", new BackendUnavailable("broken off"));
  await send(at.gateway, at.account, submission(at.account));
  assert.deepEqual([at.server.sent.length, at.server.mailsIn("Sent").length], [1, 0]);
  assert.equal(await pendingMails(at.account), 1);
  await look(at.another(1000), at.account);
  assert.equal(at.server.mailsIn("Sent").length, 0, "it rests for a while first");
  await look(at.another(2 * minuteMs), at.account);
  await look(at.another(4 * minuteMs), at.account);
  assert.equal(at.server.mailsIn("Sent").length, 1);
  assert.equal(await pendingMails(at.account), 0, "no mail stays in the database");
});

test("Send: a copy that was filed although the server broke off is found, not filed again", async () => {
  await using at = await scene();
  at.server.failOnce("append", new BackendUnavailable("broken off"));
  await send(at.gateway, at.account, submission(at.account));
  const kept = at.server.sent[0]?.mime ?? "";
  at.server.put("Sent", kept);
  await look(at.another(2 * minuteMs), at.account);
  assert.equal(at.server.mailsIn("Sent").length, 1);
  assert.equal(await pendingMails(at.account), 0);
});

test("Send: a full mailbox is asked again after an hour, and the request goes on", async () => {
  await using at = await scene();
  at.server.failOnce("append", new BackendError("over quota", "full"));
  at.server.failOnce("append", new BackendError("over quota", "full"));
  await send(at.gateway, at.account, submission(at.account));
  await look(at.another(30 * minuteMs), at.account);
  await look(at.another(70 * minuteMs), at.account);
  assert.equal(at.server.mailsIn("Sent").length, 0);
  await look(at.another(140 * minuteMs), at.account);
  assert.equal(at.server.mailsIn("Sent").length, 1);
});

test("Send: a Sent folder that another client deleted is made anew", async () => {
  await using at = await scene();
  await look(at.gateway, at.account);
  at.server.folders.delete("Sent");
  await send(at.gateway, at.account, submission(at.account));
  assert.equal(at.server.mailsIn("Sent").length, 1);
});

test("Send: intents older than seven days make room", async () => {
  await using at = await scene();
  await send(at.gateway, at.account, submission(at.account, { clientId: "old" }));
  const later = at.another(8 * 24 * 60 * minuteMs);
  // A few go with each send: the other tests left theirs behind too.
  const clientIds = ["new 1", "new 2", "new 3"];
  for (const clientId of clientIds)
    await send(later, at.account, submission(at.account, { clientId }));
  const text = "SELECT count(*)::int AS count FROM intents WHERE account_id = $1";
  const rows = await database.rows("test.intents", text, [at.account.id]);
  assert.deepEqual(rows, [{ count: clientIds.length }]);
});

async function look(gateway: Gateway, account: TestAccount): Promise<void> {
  await using mailbox = await gateway.open(account);
  await mailbox.hierarchy();
}

async function pendingMails(account: TestAccount): Promise<number> {
  const text = `SELECT count(*)::int AS count FROM intents WHERE account_id = $1 AND pending_mime IS NOT NULL`;
  return (
    (await database.rows<{ count: number }>("test.pending", text, [account.id]))[0]?.count ?? -1
  );
}
