import assert from "node:assert/strict";
import { after, test } from "node:test";
import { addAccount } from "../../test/mailbox/gateway.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { createMemoryBackend } from "../backends/memory/backend.ts";
import { everything } from "../items/search/condition.ts";
import { StillClock } from "../kit/still-clock.ts";
import { searchConversation } from "./conversation-search.ts";
import { conversationsOf } from "./conversations.ts";
import type { Found } from "./mailbox.ts";
import { referenceOf } from "./references.ts";

const store = await openTestDatabase();
after(() => store[Symbol.asyncDispose]());
const { database } = store;
const { signal } = new AbortController();

test("Search: a long conversation whose mails name only the one before is found whole, and no other", async () => {
  const { id: accountId, email: login } = await addAccount(database);
  const clock = new StillClock(Date.UTC(2026, 10, 24));
  const backend = createMemoryBackend({ clock });
  const server = backend.addUser(login, "secret");
  const credential = { login, password: "secret", fingerprint: "x", clientAddress: "" };
  const session = await backend.open("1", credential, signal);
  const numbers = Array.from({ length: 40 }, (_, at) => {
    const answered = at === 0 ? "" : `In-Reply-To: <long-${at - 1}@x>\r\n`;
    const mime = `Message-ID: <long-${at}@x>\r\n${answered}Subject: ${at}\r\n\r\nx\r\n`;
    clock.advance(1_000);
    return server.deliver(Buffer.from(mime));
  });
  server.deliver(Buffer.from("Message-ID: <else@x>\r\nSubject: else\r\n\r\nx\r\n"));
  const items = await session.list("INBOX", numbers);
  const conversations = await conversationsOf(database, accountId, items);
  const conversationId = conversations.get(numbers[0] ?? 0)?.id ?? Buffer.alloc(0);
  const index = {
    sql: database,
    accountId,
    list: (_collectionId: string, wanted: readonly number[]) => session.list("INBOX", wanted),
    search: async (queries: Parameters<typeof session.search>[1][]): Promise<Found> => {
      const found = new Set<number>();
      for (const query of queries) {
        const { hits } = await session.search("INBOX", query, { limit: 100, signal });
        for (const { number } of hits) found.add(number);
      }
      const name = (number: number) =>
        referenceOf({ collectionId: "f1", epoch: "1", number, section: "" });
      return { longIds: [...found].map(name), total: found.size, isWhole: true };
    },
  };
  const { longIds, total } = await searchConversation(index, conversationId, {
    condition: everything,
  });
  const found = longIds.map((longId) => Number(longId.split(":")[2]));
  assert.deepEqual(
    found.toSorted((a, b) => a - b),
    numbers,
  );
  assert.equal(total, 40);
});
