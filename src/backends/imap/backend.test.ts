import assert from "node:assert/strict";
import { after, before, suite, test } from "node:test";
import {
  BackendUnavailable,
  LoginRefused,
  type MailBackend,
  type MailSession,
  type WatchEvent,
} from "../../backend.ts";
import { StillClock } from "../../kit/still-clock.ts";
import { credentialOf, imapBackend, leaseMailbox } from "../../../test/rig/mail/mailbox.ts";
import { type ImapProxy, startImapProxy } from "../../../test/rig/mail/proxy.ts";
import { mailServers, type MailServers } from "../../../test/rig/mail/servers.ts";
import { quiet } from "../../../test/rig/quiet-log.ts";
import { ImapConnection } from "./connection.ts";
import type { ImapServer } from "./server.ts";

const forever = new AbortController().signal;
const mime = Buffer.from("Subject: x\r\n\r\nx\r\n");

/** The next hint, and all that came. */
function hints() {
  const heard: WatchEvent[] = [];
  let news = Promise.withResolvers<void>();
  return {
    hear: (event: WatchEvent): void => {
      heard.push(event);
      news.resolve();
    },
    /** Resolves when there were more than `count`. */
    async moreThan(count: number): Promise<void> {
      while (heard.length <= count) {
        news = Promise.withResolvers();
        await news.promise;
      }
    },
    heard,
  };
}

/** Waits until the backend has seen that all its connections are gone. */
async function untilNone(backend: MailBackend): Promise<void> {
  while (backend.sessions() > 0) await new Promise((resolve) => setImmediate(resolve));
}

/** Breaks all connections when a command comes next, before the server hears of it. */
function breaksAt(proxy: ImapProxy, command: string) {
  const first = proxy.said.length;
  const isMeant = (line: string): boolean => line.startsWith(command);
  const said = (): number => proxy.said.slice(first).filter(isMeant).length;
  const done = proxy.until(() => {
    const comes = said() > 0;
    if (comes) proxy.breakAll();
    return comes;
  });
  return { said, done };
}

suite("IMAP backend on a real Dovecot", () => {
  let mail: MailServers;
  before(async () => {
    mail = await mailServers();
  });
  after(() => mail.stop());

  test("The device's address reaches Dovecot before the login", { timeout: 60_000 }, async () => {
    const user = mail.freshUser();
    await using leased = await leaseMailbox(mail.imap.port, user);
    const [name = ""] = user.split("@");
    let line: string | undefined;
    while (line === undefined) {
      // The log is written by a process of its own; a command gives it time.
      await leased.session.folders();
      const lines = (await mail.dovecotLog()).split("\n");
      line = lines.find((each) => each.includes(`Login: user=<${name}`));
    }
    assert.match(line, /rip=203\.0\.113\.7, lip=127\.0\.0\.1/);
  });

  test("An account has never more connections than its setting, however many want one", async () => {
    for (const connectionsPerAccount of [6, 4, 2]) {
      const user = mail.freshUser();
      await using proxy = await startImapProxy(mail.imap.port);
      await using leased = await leaseMailbox(proxy.port, user, { connectionsPerAccount });
      const peaks: number[] = [];
      const folders = (await leased.session.folders()).map(({ path }) => path);
      const events = hints();
      using _watch = await leased.session.watch(folders, events.hear);
      const ask = async (session: MailSession, index: number): Promise<void> => {
        await session.feed(folders[index % folders.length] ?? "INBOX").newest(whole, 10);
        peaks.push(proxy.open());
      };
      await Promise.all(Array.from({ length: 20 }, (_, index) => ask(leased.session, index)));
      await events.moreThan(0);
      const most = Math.max(...peaks, proxy.open());
      assert.ok(most <= connectionsPerAccount, `${most} of ${connectionsPerAccount}`);
    }
  });

  test("A broken connection is opened again only for a live lease", async () => {
    const user = mail.freshUser();
    const clock = new StillClock();
    await using proxy = await startImapProxy(mail.imap.port);
    await using backend = imapBackend(proxy.port, { clock });
    const credential = credentialOf(user);
    const session = await backend.open(user, credential, forever);
    // Dovecot 2.3 may panic where two connections make a new mailbox at once: one comes first.
    await session.folders();
    using _watch = await session.watch(["INBOX"], () => undefined);
    await proxy.until(() => proxy.said.includes("IDLE"));
    proxy.breakAll();
    await untilNone(backend);
    assert.ok((await session.folders()).length > 0);
    await session[Symbol.asyncDispose]();
    proxy.breakAll();
    await untilNone(backend);
    const opened = proxy.opened();
    await assert.rejects(session.folders(), BackendUnavailable);
    clock.advance(3_600_000);
    await backend.check(credential, forever);
    assert.equal(proxy.opened(), opened + 1);
    await using again = await backend.open(user, credential, forever);
    assert.ok((await again.folders()).length > 0);
  });

  test("What is read is read once more where its connection breaks under it, and no change is made twice", async () => {
    const user = mail.freshUser();
    await mail.deliver(user, mime);
    await using proxy = await startImapProxy(mail.imap.port);
    await using leased = await leaseMailbox(proxy.port, user);
    const { session } = leased;
    const read = {
      LIST: async () => (await session.folders()).length > 0,
      STATUS: async () => (await session.feed("INBOX").position()).next === 2,
      SELECT: async () => (await session.list("INBOX", [1])).length === 1,
      "UID FETCH": async () => (await session.list("INBOX", [1])).length === 1,
    };
    for (const [command, finds] of Object.entries(read)) {
      const broken = breaksAt(proxy, command);
      assert.ok(await finds(), command);
      await broken.done;
      assert.equal(broken.said(), 2, command);
    }
    const broken = breaksAt(proxy, "UID STORE");
    const seen = { number: 1, seen: true };
    await assert.rejects(session.setFlags("INBOX", [seen]), BackendUnavailable);
    assert.equal(broken.said(), 1);
  });

  test("A changed password counts as soon as the connection breaks", async () => {
    const user = mail.freshUser("own");
    await mail.setPassword(user, "first");
    await using proxy = await startImapProxy(mail.imap.port);
    await using backend = imapBackend(proxy.port);
    const credential = credentialOf(user, "first");
    await using session = await backend.open(user, credential, forever);
    const wrong = credentialOf(user, "wrong");
    await assert.rejects(backend.open(user, wrong, forever), LoginRefused);
    assert.ok((await session.folders()).length > 0);
    await mail.setPassword(user, "second");
    proxy.breakAll();
    await untilNone(backend);
    await assert.rejects(session.folders(), LoginRefused);
    await using fresh = await backend.open(user, credentialOf(user, "second"), forever);
    assert.ok((await fresh.folders()).length > 0);
  });

  test(
    "News of INBOX come by IDLE while the gateway's clock stands",
    { timeout: 60_000 },
    async () => {
      const user = mail.freshUser();
      await using leased = await leaseMailbox(mail.imap.port, user, { clock: new StillClock() });
      const events = hints();
      using _watch = await leased.session.watch(["INBOX"], events.hear);
      await events.moreThan(0);
      const known = events.heard.length;
      await mail.deliver(user, mime);
      await events.moreThan(known);
      assert.deepEqual(events.heard.at(-1), { path: "INBOX", kind: "arrival" });
    },
  );

  test("TLS and STARTTLS take a certificate of a known authority and no other", async () => {
    const user = mail.freshUser();
    const ways = [
      { security: "starttls", host: "localhost", port: mail.imap.port },
      { security: "tls", port: mail.imap.tlsPort },
    ] as const;
    for (const { port, ...way } of ways) {
      await using known = imapBackend(port, { ...way, ca: mail.certificate });
      await known.check(credentialOf(user), forever);
      assert.ok((await known.probe(forever)).capabilities.includes("IMAP4rev1"));
      const { capabilities } = await known.probe(forever, credentialOf(user));
      assert.ok(capabilities.includes("QRESYNC"));
      await using unknown = imapBackend(port, way);
      await assert.rejects(unknown.check(credentialOf(user), forever), BackendUnavailable);
      await assert.rejects(unknown.probe(forever), BackendUnavailable);
      await using lax = imapBackend(port, { ...way, verifyCertificate: false });
      await lax.check(credentialOf(user), forever);
    }
  });

  test("A server that refuses connections is unavailable, and is reached again when it is back", async () => {
    const user = mail.freshUser();
    await using proxy = await startImapProxy(mail.imap.port);
    await using backend = imapBackend(proxy.port);
    proxy.refuse(true);
    await assert.rejects(backend.open(user, credentialOf(user), forever), BackendUnavailable);
    await assert.rejects(backend.probe(forever), BackendUnavailable);
    proxy.refuse(false);
    await using session = await backend.open(user, credentialOf(user), forever);
    assert.ok((await session.folders()).length > 0);
  });

  test("A server that falls silent in a login or in a command is unavailable, and its connection is given up", async () => {
    const silence = { log: quiet, silenceMs: 200 };
    const credential = credentialOf(mail.freshUser());
    const at = (port: number): ImapServer => ({ host: "127.0.0.1", port, security: "plain" });
    await using deaf = await startImapProxy(mail.imap.port, { holdLogins: true });
    await assert.rejects(
      ImapConnection.open(at(deaf.port), credential, silence),
      BackendUnavailable,
    );
    await deaf.until(() => deaf.open() === 0);
    await using proxy = await startImapProxy(mail.imap.port);
    const connection = await ImapConnection.open(at(proxy.port), credential, silence);
    proxy.stall(true);
    await assert.rejects(connection.refresh(), BackendUnavailable);
    assert.equal(connection.usable, false);
    await proxy.until(() => proxy.open() === 0);
  });

  test("A full mailbox refuses an append as over quota", async () => {
    await using leased = await leaseMailbox(mail.imap.port, mail.freshUser("full"));
    await assert.rejects(
      leased.session.append("INBOX", Buffer.alloc(30_000, "Subject: x\r\n\r\n"), {}),
      { name: "BackendError", fault: "over quota" },
    );
  });
});

const whole = { low: 1, high: 0xffff_ffff };
