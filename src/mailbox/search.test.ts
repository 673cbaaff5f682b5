import assert from "node:assert/strict";
import { test } from "node:test";
import { BackendError, type MailSession } from "../backend.ts";
import { createMemoryBackend } from "../backends/memory/backend.ts";
import type { Condition } from "../items/search/condition.ts";
import { TimeLimitPassed } from "../kit/abort.ts";
import type { Log } from "../kit/log.ts";
import { StillClock } from "../kit/still-clock.ts";
import { noAliases } from "./aliased.ts";
import { searchMs } from "./limits.ts";
import type { Folder, Found } from "./mailbox.ts";
import { searchFolders } from "./search.ts";

const login = "ann@example.test";
const paths = ["INBOX", "Sent", "Trash", "Own"];
/** MS-ASCMD 2.2.3.186.3. */
const types = [2, 5, 4, 12];
const hourMs = 3_600_000;
const boats: Condition = { kind: "text", field: "subject", text: "boat" };

/** The last folder first, as a server may list them. */
const folders = paths
  .map((path, at): Folder => {
    const shown = { parentId: "0", displayName: path, class: "Email", selectable: true } as const;
    return { ...shown, serial: at + 1, collectionId: `f${at + 1}`, type: types[at] ?? 12 };
  })
  .toReversed();

/** Four folders with a mail each, the older the later the folder, and what is done before one is looked into. */
async function scene(before: (path: string, session: MailSession) => void = () => {}) {
  const clock = new StillClock(Date.UTC(2026, 10, 24));
  const backend = createMemoryBackend({ clock });
  const server = backend.addUser(login, "secret");
  server.create("Own");
  paths.forEach((path, at) => {
    const received = new Date(clock.now() - at * hourMs);
    server.deliver(Buffer.from(`Subject: a boat in ${path}\r\n\r\nx\r\n`), { path, received });
  });
  const credential = { login, password: "secret", fingerprint: "x", clientAddress: "" };
  const session = await backend.open("1", credential, new AbortController().signal);
  const looked: string[] = [];
  const quiet = (): void => {};
  const log: Log = { debug: quiet, info: quiet, warn: quiet, error: quiet, child: () => log };
  const find = async (condition: Condition | readonly Condition[], limit = 100): Promise<Found> => {
    const at = async <Result>(
      collectionId: string,
      work: (...given: [MailSession, string, typeof noAliases]) => Promise<Result>,
    ): Promise<Result> => {
      const path = paths[Number(collectionId.slice(1)) - 1] ?? "";
      looked.push(path);
      before(path, session);
      return await work(session, path, noAliases);
    };
    const queries = [condition].flat().map((each) => ({ condition: each }));
    return await searchFolders({ clock, log, at }, { folders, queries, limit });
  };
  return { clock, looked, find };
}

function collectionsOf({ longIds }: Found): string[] {
  return longIds.map((longId) => longId.split(":")[0] ?? "");
}

test("Search: Inbox, Sent and own folders come before Deleted Items; the hits are by their arrival", async () => {
  const { find, looked } = await scene();
  const found = await find(boats);
  assert.deepEqual(looked, ["INBOX", "Sent", "Own", "Trash"]);
  assert.deepEqual(collectionsOf(found), ["f1", "f2", "f3", "f4"]);
  assert.deepEqual([found.total, found.isWhole], [4, true]);
  const some = await find(boats, 2);
  assert.deepEqual([collectionsOf(some), some.total], [["f1", "f2"], 4]);
});

test("Search: a mail that fits two queries is found once", async () => {
  const { find } = await scene();
  const found = await find([boats, { kind: "text", field: "subject", text: "sent" }, boats]);
  assert.deepEqual([collectionsOf(found), found.total], [["f1", "f2", "f3", "f4"], 4]);
});

test("Search: a folder that cannot be read and one that is gone keep the others from nothing", async () => {
  const { find } = await scene((path) => {
    if (path === "INBOX") throw new BackendError("failed", "no");
    if (path === "Sent") throw new BackendError("no such folder", "gone");
  });
  const found = await find(boats);
  assert.deepEqual([collectionsOf(found), found.total, found.isWhole], [["f3", "f4"], 2, false]);
});

test("Search: the server's refusal is told when no folder could be read; a fault of ours always", async () => {
  const refused = await scene(() => {
    throw new BackendError("not allowed", "no");
  });
  await assert.rejects(refused.find(boats), BackendError);
  const faulty = await scene(() => {
    throw new TypeError("ours");
  });
  await assert.rejects(faulty.find(boats), TypeError);
});

test("Search: what was found before the time was over is told; nothing at all is a search that timed out", async () => {
  const { clock, find, looked } = await scene((path) => {
    if (path === "Sent") clock.advance(searchMs);
  });
  const found = await find(boats);
  assert.deepEqual([collectionsOf(found), found.isWhole], [["f1"], false]);
  assert.deepEqual(looked, ["INBOX", "Sent"], "later folders are not asked");
  const slow = await scene(() => slow.clock.advance(searchMs));
  await assert.rejects(slow.find(boats), TimeLimitPassed);
  assert.equal(slow.clock.pending(), 0);
});
