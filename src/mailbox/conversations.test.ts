import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { after, test } from "node:test";
import fc from "fast-check";
import { addAccount } from "../../test/mailbox/gateway.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { noFlags, type MailItem } from "../items/email/message.ts";
import { conversationsOf } from "./conversations.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());
const { database } = store;

interface Threading {
  readonly id?: string;
  readonly inReplyTo?: string;
  readonly references?: readonly string[];
}

function mail(number: number, { id = "", inReplyTo = "", references = [] }: Threading): MailItem {
  const lists = { from: [], sender: [], replyTo: [], to: [], cc: [], bcc: [] };
  const names = { subject: `mail ${number}`, date: undefined, messageId: id, inReplyTo };
  const part = { section: "1", type: "text", subtype: "plain", parameters: {}, encoding: "7bit" };
  const rest = { sizeBytes: 1, disposition: "", fileName: "", contentId: "", contentLocation: "" };
  return {
    number,
    flags: noFlags,
    received: new Date(number * 1000),
    sizeBytes: 1,
    envelope: { ...lists, ...names },
    structure: { ...part, ...rest, children: [] },
    references,
    headers: {},
  };
}

function root(id: string): string {
  return createHash("sha256").update(id).digest("hex").slice(0, 32);
}

async function show(accountId: string, ...items: readonly MailItem[]): Promise<readonly string[]> {
  const found = await conversationsOf(database, accountId, items);
  return items.map((item) => found.get(item.number)?.id.toString("hex") ?? "none");
}

test("the root is the first of References, else the known conversation of In-Reply-To, else its id, else the own", async () => {
  const { id } = await addAccount(database);
  const shown = await show(
    id,
    mail(1, { id: "a" }),
    mail(2, { id: "b", inReplyTo: "a", references: ["a"] }),
    mail(3, { id: "c", inReplyTo: "b" }),
    mail(4, { id: "d", inReplyTo: "unseen" }),
  );
  assert.deepEqual(shown, [root("a"), root("a"), root("a"), root("unseen")]);
});

test("replies find a conversation that was shown earlier, in another request", async () => {
  const { id } = await addAccount(database);
  await show(id, mail(1, { id: "b", references: ["a"] }));
  assert.deepEqual(await show(id, mail(2, { id: "c", inReplyTo: "<b>" })), [root("a")]);
});

test("accounts do not share conversations", async () => {
  const [one, other] = [await addAccount(database), await addAccount(database)];
  await show(one.id, mail(1, { id: "b", references: ["a"] }));
  assert.deepEqual(await show(other.id, mail(2, { id: "c", inReplyTo: "b" })), [root("b")]);
});

test("a mail without any id has a conversation of its own, always the same", async () => {
  const { id } = await addAccount(database);
  const [first, second] = await show(id, mail(1, {}), mail(2, {}));
  assert.notEqual(first, second);
  assert.deepEqual(await show(id, mail(1, {})), [first]);
  assert.match(String(first), /^[0-9a-f]{32}$/);
});

test("a reply to a mail that was shown has its index and one level more; both stay", async () => {
  const { id } = await addAccount(database);
  const index = async (...items: readonly MailItem[]): Promise<readonly (string | undefined)[]> => {
    const found = await conversationsOf(database, id, items);
    return items.map((item) => found.get(item.number)?.index.toString("hex"));
  };
  const [unrelated, first] = await index(
    mail(1, { id: "x", inReplyTo: "unseen" }),
    mail(2, { id: "a" }),
  );
  assert.equal(unrelated?.length, 10);
  const [reply] = await index(mail(3, { id: "b", inReplyTo: "a" }));
  assert.equal(reply?.slice(0, 10), first);
  assert.equal(reply?.length, 20);
  // By References alone, and once more after another request showed it.
  const [second] = await index(mail(4, { id: "c", references: ["a", "b"] }));
  assert.equal(second?.slice(0, 20), reply);
  assert.deepEqual(await index(mail(4, { id: "c" })), [second]);
});

test("in whatever order mails are shown, what was given once stays", async () => {
  const name = fc.constantFrom("a", "b", "c", "d");
  const threading = fc.record({
    id: name,
    inReplyTo: name,
    references: fc.array(name, { maxLength: 2 }),
  });
  const windows = fc.array(fc.array(threading, { minLength: 1, maxLength: 4 }), { maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(windows, async (shown) => {
      const { id } = await addAccount(database);
      const given = new Map<string, string>();
      for (const window of shown) {
        const items = window.map((each, at) => mail(at + 1, each));
        const ids = await show(id, ...items);
        for (const [at, item] of items.entries()) {
          const before = given.get(item.envelope.messageId) ?? ids[at];
          assert.equal(ids[at], before);
          given.set(item.envelope.messageId, ids[at] ?? "");
        }
      }
    }),
    { numRuns: 40 },
  );
});
