import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import {
  BackendUnavailable,
  LoginRefused,
  type MailSession,
  type WatchEvent,
} from "../../backend.ts";
import { credentialOf, imapBackend, leaseMailbox } from "../../../test/rig/mail/mailbox.ts";
import { type ImapProxy, startImapProxy } from "../../../test/rig/mail/proxy.ts";
import { mailServers, type MailServers } from "../../../test/rig/mail/servers.ts";
import { StillClock } from "../../kit/still-clock.ts";
import { idleRearmMs, settlingPausesMs, statusPollMs, watcherLingerMs } from "./limits.ts";

const forever = new AbortController().signal;
const mime = Buffer.from("Subject: new\r\n\r\nx\r\n");

let mail: MailServers;
before(async () => {
  mail = await mailServers();
});
after(() => mail.stop());

/** Collects hints; `next` waits for one that was not waited for before. */
class Ear {
  readonly heard: WatchEvent[] = [];
  #wake: (() => void) | undefined;

  readonly listen = (event: WatchEvent): void => {
    this.heard.push(event);
    this.#wake?.();
  };

  async next(path: string, kind: WatchEvent["kind"]): Promise<void> {
    for (;;) {
      const at = this.heard.findIndex((event) => event.path === path && event.kind === kind);
      if (at >= 0) {
        this.heard.splice(0, at + 1);
        return;
      }
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }
}

function idles(proxy: ImapProxy): number {
  return proxy.said.filter((line) => line === "IDLE").length;
}

/** Watches and waits until the server idles for each folder. */
async function watching(
  proxy: ImapProxy,
  session: MailSession,
  paths: readonly string[],
): Promise<{ ear: Ear; watch: Disposable }> {
  const ear = new Ear();
  const from = idles(proxy);
  const watch = await session.watch(paths, ear.listen);
  await proxy.until(() => idles(proxy) === from + Math.min(3, paths.length));
  ear.heard.splice(0);
  return { ear, watch };
}

test("Watch: mail, flags and deletions are told while the clock stands still", async () => {
  const user = mail.freshUser();
  await using proxy = await startImapProxy(mail.imap.port);
  await using leased = await leaseMailbox(proxy.port, user, { clock: new StillClock() });
  const { ear } = await watching(proxy, leased.session, ["INBOX"]);
  await mail.deliver(user, mime);
  await ear.next("INBOX", "arrival");
  await using other = await mail.imapClient(user);
  await other.mailboxOpen("INBOX");
  await other.messageFlagsAdd("1:*", ["\\Seen"], { uid: true });
  await ear.next("INBOX", "change");
  await other.messageDelete("1:*", { uid: true });
  await ear.next("INBOX", "change");
});

test("Watch: a folder that became quiet is looked at a few times, as a hibernating server may lose news", async () => {
  const user = mail.freshUser();
  const clock = new StillClock();
  await using proxy = await startImapProxy(mail.imap.port);
  await using leased = await leaseMailbox(proxy.port, user, { clock });
  const { ear } = await watching(proxy, leased.session, ["INBOX"]);
  const looks = async (): Promise<void> => {
    for (const pauseMs of settlingPausesMs) {
      clock.advance(pauseMs - 1);
      assert.deepEqual(ear.heard, []);
      clock.advance(1);
      await ear.next("INBOX", "arrival");
    }
    clock.advance(idleRearmMs - 1);
    assert.deepEqual(ear.heard, [], "no further look without news");
  };
  await looks();
  await mail.deliver(user, mime);
  await ear.next("INBOX", "arrival");
  await looks();
});

test("Watch: three folders have a connection each, INBOX first; further ones are asked each minute", async () => {
  const user = mail.freshUser();
  const clock = new StillClock();
  await using proxy = await startImapProxy(mail.imap.port);
  await using leased = await leaseMailbox(proxy.port, user, { clock });
  const { session } = leased;
  const { ear } = await watching(proxy, session, ["Archive", "Junk", "Sent", "INBOX"]);
  const selected = proxy.said.filter((line) => line.startsWith("SELECT"));
  assert.deepEqual(selected.toSorted(), ["SELECT Archive", "SELECT INBOX", "SELECT Junk"]);
  assert.equal(idles(proxy), 3);

  const asked = (): number => proxy.said.filter((line) => line.startsWith('STATUS "Sent"')).length;
  clock.advance(statusPollMs);
  await proxy.until(() => asked() === 1);
  await ear.next("Sent", "arrival");
  await session.append("Sent", mime, {});
  clock.advance(statusPollMs);
  await ear.next("Sent", "arrival");
  await session.setFlags("Sent", [{ number: 1, seen: true }]);
  clock.advance(statusPollMs);
  await ear.next("Sent", "change");
});

test("Watch: devices of an account share a connection, which stays a while after the last", async () => {
  const user = mail.freshUser();
  const clock = new StillClock();
  await using proxy = await startImapProxy(mail.imap.port);
  await using backend = imapBackend(proxy.port, { clock });
  const credential = credentialOf(user);
  await using first = await backend.open("1", credential, forever);
  await using second = await backend.open("1", credential, forever);
  const one = await watching(proxy, first, ["INBOX"]);
  const two = new Ear();
  const watch = await second.watch(["INBOX"], two.listen);
  await mail.deliver(user, mime);
  await Promise.all([one.ear.next("INBOX", "arrival"), two.next("INBOX", "arrival")]);
  assert.equal(idles(proxy), 1);

  one.watch[Symbol.dispose]();
  watch[Symbol.dispose]();
  const again = await second.watch(["INBOX"], two.listen);
  assert.equal(idles(proxy), 1, "phones ask again at once");
  again[Symbol.dispose]();
  const open = proxy.open();
  clock.advance(watcherLingerMs);
  await proxy.until(() => proxy.open() < open);
});

test("Watch: a place is given up by those that nobody waits for", async () => {
  const user = mail.freshUser();
  await using proxy = await startImapProxy(mail.imap.port);
  await using leased = await leaseMailbox(proxy.port, user, { clock: new StillClock() });
  const { session } = leased;
  const { watch } = await watching(proxy, session, ["INBOX", "Junk", "Sent"]);
  watch[Symbol.dispose]();
  const open = proxy.open();
  await watching(proxy, session, ["Archive"]);
  await proxy.until(() => proxy.open() === open);
});

test("Watch: a broken connection is mended at once, and what it missed is looked for", async () => {
  const user = mail.freshUser();
  await using proxy = await startImapProxy(mail.imap.port);
  await using leased = await leaseMailbox(proxy.port, user, { clock: new StillClock() });
  const { ear } = await watching(proxy, leased.session, ["INBOX"]);
  proxy.breakAll();
  await ear.next("INBOX", "arrival");
  await proxy.until(() => idles(proxy) === 2);
  await mail.deliver(user, mime);
  await ear.next("INBOX", "arrival");
});

test("Watch: without a live request nothing is reopened; the next request brings the watch back", async () => {
  const user = mail.freshUser();
  await using proxy = await startImapProxy(mail.imap.port);
  await using backend = imapBackend(proxy.port, { clock: new StillClock() });
  const session = await backend.open("1", credentialOf(user), forever);
  await watching(proxy, session, ["INBOX"]);
  await session[Symbol.asyncDispose]();
  const opened = proxy.opened();
  proxy.breakAll();
  await proxy.until(() => proxy.open() === 0);
  assert.equal(proxy.opened(), opened);
  await using next = await backend.open("1", credentialOf(user), forever);
  const { ear } = await watching(proxy, next, ["INBOX"]);
  await mail.deliver(user, mime);
  await ear.next("INBOX", "arrival");
});

test("Watch: a folder that is not there does not keep the others from being watched", async () => {
  const user = mail.freshUser();
  const clock = new StillClock();
  await using proxy = await startImapProxy(mail.imap.port);
  await using leased = await leaseMailbox(proxy.port, user, { clock });
  const { session } = leased;
  const ear = new Ear();
  using _watch = await session.watch(["Later", "INBOX"], ear.listen);
  await proxy.until(() => idles(proxy) === 1);
  await ear.next("INBOX", "arrival");
  await mail.deliver(user, mime);
  await ear.next("INBOX", "arrival");
  await session.createFolder("Later", "user");
  clock.advance(60_000);
  await proxy.until(() => idles(proxy) === 2);
  await ear.next("Later", "arrival");
});

test("Watch: an aborted request is freed from a server that hangs, whose connection serves on", async () => {
  const user = mail.freshUser();
  await using proxy = await startImapProxy(mail.imap.port);
  await using backend = imapBackend(proxy.port, { clock: new StillClock() });
  const hangUp = new AbortController();
  await using session = await backend.open("1", credentialOf(user), hangUp.signal);
  proxy.stall(true);
  const position = session.feed("INBOX").position();
  await proxy.until(() => proxy.said.at(-1)?.startsWith("STATUS") === true);
  hangUp.abort(new Error("hung up"));
  await assert.rejects(position, /hung up/);
  proxy.stall(false);
  await using next = await backend.open("1", credentialOf(user), forever);
  assert.equal((await next.feed("INBOX").position()).count, 0);
  assert.ok(proxy.opened() <= 2);
});

test("Watch: a request that is aborted while its connection is made begins nothing on it", async () => {
  const user = mail.freshUser();
  await using proxy = await startImapProxy(mail.imap.port);
  await using backend = imapBackend(proxy.port, { clock: new StillClock() });
  const hangUp = new AbortController();
  await using session = await backend.open("1", credentialOf(user), hangUp.signal);
  proxy.breakAll();
  while (backend.sessions() > 0) await new Promise((resolve) => void setImmediate(resolve));
  proxy.stall(true);
  const folders = session.folders();
  await proxy.until(() => proxy.open() === 1);
  hangUp.abort(new Error("hung up"));
  await assert.rejects(folders, /hung up/);
  proxy.stall(false);
  await using next = await backend.open("1", credentialOf(user), forever);
  await next.feed("INBOX").position();
  assert.deepEqual(
    proxy.said.filter((line) => line.startsWith("LIST")),
    [],
  );
});

test("Watch: whoever waits for a folder that is gone is told to look, watched or asked each minute", async () => {
  const user = mail.freshUser();
  const clock = new StillClock();
  await using proxy = await startImapProxy(mail.imap.port);
  await using leased = await leaseMailbox(proxy.port, user, { clock });
  const { session } = leased;
  await session.createFolder("Gone", "user");
  const first = await watching(proxy, session, ["Gone"]);
  await using other = await mail.imapClient(user);
  await other.mailboxDelete("Gone");
  proxy.breakAll();
  await first.ear.next("Gone", "arrival");
  first.watch[Symbol.dispose]();

  const { ear } = await watching(proxy, session, ["INBOX", "Archive", "Junk", "Gone"]);
  clock.advance(statusPollMs);
  await ear.next("Gone", "arrival");
});

test("Watch: when the password is changed, all who wait with the old one are told to look", async () => {
  const user = mail.freshUser("own");
  await mail.setPassword(user, "first");
  await using proxy = await startImapProxy(mail.imap.port);
  await using backend = imapBackend(proxy.port, { clock: new StillClock() });
  const credential = credentialOf(user, "first");
  await using one = await backend.open("1", credential, forever);
  await using two = await backend.open("1", credential, forever);
  const { ear } = await watching(proxy, one, ["INBOX"]);
  const polled = new Ear();
  using _watch = await two.watch(["Archive", "Junk", "Sent", "Drafts"], polled.listen);
  await mail.setPassword(user, "second");
  proxy.breakAll();
  await ear.next("INBOX", "arrival");
  await polled.next("Drafts", "arrival");
  await assert.rejects(one.feed("INBOX").position(), LoginRefused);
});

test("Watch: when an account is closed, all who wait are told to look, and end", async () => {
  const user = mail.freshUser();
  await using proxy = await startImapProxy(mail.imap.port);
  await using backend = imapBackend(proxy.port, { clock: new StillClock() });
  await using session = await backend.open("1", credentialOf(user), forever);
  const { ear } = await watching(proxy, session, ["INBOX"]);
  await backend.closeAccount("1");
  await ear.next("INBOX", "arrival");
  await assert.rejects(session.feed("INBOX").position(), BackendUnavailable);
});

test("Watch: without IDLE every folder is asked each minute, on the connections for requests", async () => {
  const user = mail.freshUser();
  const clock = new StillClock();
  await using proxy = await startImapProxy(mail.imap.port, { without: ["IDLE"] });
  await using leased = await leaseMailbox(proxy.port, user, { clock });
  const { session } = leased;
  const ear = new Ear();
  using _watch = await session.watch(["INBOX", "Sent"], ear.listen);
  clock.advance(statusPollMs);
  await ear.next("Sent", "arrival");
  await session.append("INBOX", mime, {});
  clock.advance(statusPollMs);
  await ear.next("INBOX", "arrival");
  await session.setFlags("INBOX", [{ number: 1, seen: true }]);
  clock.advance(statusPollMs);
  await ear.next("INBOX", "change");
  assert.deepEqual(proxy.refused, []);
  assert.ok(proxy.open() <= 3);
});
