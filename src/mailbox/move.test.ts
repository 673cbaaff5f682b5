import assert from "node:assert/strict";
import { after, test } from "node:test";
import { withStops, type Stop } from "../../test/e2e/stops.ts";
import { addAccount, Gateway, type TestAccount } from "../../test/mailbox/gateway.ts";
import { ScriptedMail } from "../../test/mailbox/scripted-mail.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { BackendError, type MailBackend } from "../backend.ts";
import { createMemoryBackend } from "../backends/memory/backend.ts";
import type { MemoryMailbox } from "../backends/memory/mailbox.ts";
import { StillClock } from "../kit/still-clock.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());
const { database } = store;

const login = "ann@example.test";
const credential = { login, password: "p", fingerprint: "f", clientAddress: "" };

interface Scene {
  readonly account: TestAccount;
  readonly server: MemoryMailbox;
  readonly backend: MailBackend;
  /** Another process, this much later. */
  readonly process: (laterMs?: number) => Gateway;
  /** Moves these mails from Inbox to Work until it stands at the stop, and never goes on. */
  readonly dieAt: (stop: Stop, numbers: readonly number[]) => Promise<void>;
  /** Moves in a process that takes over. */
  readonly repeat: (numbers: readonly number[]) => Promise<readonly unknown[]>;
}

const inbox = "f1";
const { transport } = new ScriptedMail();

async function scene({ movesAtOnce }: { readonly movesAtOnce: boolean }): Promise<Scene> {
  const account = await addAccount(database);
  const startMs = Date.UTC(2026, 10, 24);
  const backend = createMemoryBackend({ clock: new StillClock(startMs) });
  const server = backend.addUser(login, "p");
  server.movesAtOnce = movesAtOnce;
  server.create("Work");
  for (const word of ["one", "two", "two", "three"]) server.deliver(mailOf(word));
  const process = (laterMs = 0, mail: MailBackend = backend): Gateway =>
    new Gateway(database, { backend: mail, transport }, { nowMs: startMs + laterMs, credential });
  await using first = await process().open(account);
  await first.hierarchy();
  const move = async (gateway: Gateway, numbers: readonly number[]) => {
    await using mailbox = await gateway.open(account);
    return await mailbox.move({ from: inbox, numbers, to: await workOf(gateway, account) });
  };
  const dieAt = async (stop: Stop, numbers: readonly number[]): Promise<void> => {
    const { promise: died, resolve } = Promise.withResolvers<void>();
    const reach = async (at: string): Promise<void> => {
      if (at !== stop) return;
      resolve();
      await new Promise(() => {});
    };
    const gateway = process(0, withStops({ mail: backend, transport }, reach).mail);
    gateway.checkpoint = reach;
    void move(gateway, numbers);
    await died;
    gateway.clock.forget();
  };
  const repeat = async (numbers: readonly number[]) => await move(process(31_000), numbers);
  return { account, server, backend, process, dieAt, repeat };
}

async function workOf(gateway: Gateway, account: TestAccount): Promise<string> {
  await using mailbox = await gateway.open(account);
  const folders = await mailbox.foldersOf([1, 2, 3, 4, 5, 6]);
  return folders.find(({ displayName }) => displayName === "Work")?.collectionId ?? "";
}

function mailOf(word: string): Buffer {
  return Buffer.from(`Message-ID: <${word}@x>\r\nSubject: ${word}\r\n\r\n${word}\r\n`);
}

function wordsIn(server: MemoryMailbox, path: string): string[] {
  return [...server.folderAt(path).mails.values()].map(({ message }) => message.envelope.subject);
}

const atOnce = ["move intended", "before move", "after move", "move done", "move kept"] as const;
const byCopy = ["move intended", "before copy", "after copy", "after remove", "move done"] as const;

for (const [stops, movesAtOnce] of [
  [atOnce, true],
  [byCopy, false],
] as const) {
  for (const stop of stops) {
    const how = movesAtOnce ? "" : " without MOVE";
    test(`Move: a process that ends at "${stop}"${how} moves once, and the repeat tells where to`, async () => {
      const { server, dieAt, repeat } = await scene({ movesAtOnce });
      await dieAt(stop, [1, 2, 3]);
      server.deliver(mailOf("arrived"), { path: "Work" });
      // The same mail, delivered once more, is no copy.
      server.deliver(mailOf("two"), { path: "Work", received: new Date(0) });
      const outcomes = await repeat([1, 2, 3]);
      assert.deepEqual(wordsIn(server, "INBOX"), ["three"]);
      const there = wordsIn(server, "Work").toSorted();
      assert.deepEqual(there, ["arrived", "one", "two", "two", "two"]);
      const { mails } = server.folderAt("Work");
      const words = outcomes.map((outcome) => {
        assert.ok(isDone(outcome), JSON.stringify(outcome));
        return mails.get(outcome.newNumber)?.message.envelope.subject;
      });
      assert.deepEqual(words, ["one", "two", "two"]);
      assert.deepEqual(await repeat([3, 2, 1]), outcomes.toReversed());
    });
  }
}

function isDone(outcome: unknown): outcome is { readonly newNumber: number } {
  return typeof outcome === "object" && outcome !== null && "newNumber" in outcome;
}

test("Move: what came back from a backup is moved again", async () => {
  const { server, repeat } = await scene({ movesAtOnce: true });
  assert.deepEqual(await repeat([1]), [{ number: 1, kind: "done", newNumber: 1 }]);
  const folder = server.folderAt("INBOX");
  const restored = server.folderAt("Work").mails.get(1);
  assert.ok(restored);
  folder.mails.set(1, restored);
  assert.deepEqual(await repeat([1]), [{ number: 1, kind: "done", newNumber: 2 }]);
  assert.deepEqual(wordsIn(server, "INBOX"), ["two", "two", "three"]);
});

test("Move: numbers of an epoch that has passed name nothing", async () => {
  const { server, repeat } = await scene({ movesAtOnce: true });
  server.renumber("INBOX");
  assert.deepEqual(await repeat([1, 2]), [
    { number: 1, kind: "gone" },
    { number: 2, kind: "gone" },
  ]);
  assert.equal(wordsIn(server, "INBOX").length, 4);
});

test("Move: a folder that the server has no more is no place to move to", async () => {
  const { server, repeat } = await scene({ movesAtOnce: true });
  server.delete("Work");
  await assert.rejects(repeat([1]), (error) => {
    return error instanceof BackendError && error.fault === "no such folder";
  });
  assert.equal(wordsIn(server, "INBOX").length, 4);
});

test("Move: a delete into Trash that ended between copy and removal leaves one mail", async () => {
  const { server, account, process, backend } = await scene({ movesAtOnce: false });
  const { promise: died, resolve } = Promise.withResolvers<void>();
  const reach = async (at: Stop): Promise<void> => {
    if (at !== "after copy") return;
    resolve();
    await new Promise(() => {});
  };
  const doomed = new Gateway(
    database,
    { backend: withStops({ mail: backend, transport }, reach).mail, transport },
    { credential },
  );
  const dying = await doomed.open(account);
  void dying.remove(inbox, [1], true);
  await died;
  doomed.clock.forget();
  assert.deepEqual(wordsIn(server, "Trash"), ["one"]);
  await using mailbox = await process(31_000).open(account);
  const [outcome] = await mailbox.remove(inbox, [1], true);
  assert.equal(outcome?.kind, "done");
  assert.deepEqual(wordsIn(server, "Trash"), ["one"]);
  assert.deepEqual(wordsIn(server, "INBOX"), ["two", "two", "three"]);
});
