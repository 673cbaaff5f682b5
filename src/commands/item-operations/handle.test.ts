import assert from "node:assert/strict";
import { test } from "node:test";
import { commandScene } from "../../../test/commands/scene.ts";
import { StatusError } from "../../../schemas/status.ts";
import { LoginRefused } from "../../backend.ts";
import { handleItemOperations } from "./handle.ts";
import { maxOperations } from "../limits.ts";

const wanted = (number: number) => ({
  Store: "Mailbox",
  CollectionId: "f1",
  ServerId: `f1:${number}`,
  Options: [],
});

const nothingElse = { EmptyFolderContents: [], Move: [] };

test("ItemOperations: an item that fails has its own Status, the others are fetched", async () => {
  const scene = await commandScene({
    mailbox: (mailbox) => ({
      list: async (id, numbers) => {
        if (numbers.includes(1)) throw new TypeError("a bug");
        return mailbox.list(id, numbers);
      },
    }),
  });
  scene.deliver();
  scene.deliver();
  const Fetch = [wanted(1), wanted(2), wanted(3)];
  const answer = await handleItemOperations({ Fetch, ...nothingElse }, scene.context);
  assert.ok("Status" in answer);
  assert.deepEqual(
    answer.Response?.Fetch.map(({ Status }) => Status),
    [3, 1, 6],
  );
  assert.equal(scene.logged.at(-1)?.message, "an item could not be fetched");
});

test("ItemOperations: a refused login ends the whole request", async () => {
  const list = async (): Promise<never> => {
    throw new LoginRefused("changed");
  };
  const scene = await commandScene({ mailbox: () => ({ list }) });
  const request = { Fetch: [wanted(1)], ...nothingElse };
  await assert.rejects(handleItemOperations(request, scene.context), LoginRefused);
});

test("ItemOperations: more operations than are answered at once are Status 11, none at all 2", async () => {
  const scene = await commandScene();
  for (const [count, status] of [
    [maxOperations + 1, 11],
    [0, 2],
  ] as const) {
    const Fetch = Array.from({ length: count }, (_, index) => wanted(index + 1));
    await assert.rejects(
      handleItemOperations({ Fetch, ...nothingElse }, scene.context),
      (error) => error instanceof StatusError && error.status === status,
    );
  }
});

test("ItemOperations: once an answer is too large no further item is fetched", async () => {
  const scene = await commandScene();
  const body = `${"x".repeat(70)}\r\n`.repeat(500_000);
  scene.server.deliver(Buffer.from(`Message-ID: <l@x>\r\nSubject: large\r\n\r\n${body}`));
  const options = { MIMESupport: 2, BodyPreference: [{ Type: 4 }] };
  const one = { ...wanted(1), Options: [options] };
  const answer = await handleItemOperations(
    { Fetch: [one, one, one], ...nothingElse },
    scene.context,
  );
  assert.ok("Status" in answer);
  assert.deepEqual(
    answer.Response?.Fetch.map(({ Status }) => Status),
    [1, 1, 11],
  );
});
