import assert from "node:assert/strict";
import { test } from "node:test";
import { commandScene } from "../../../test/commands/scene.ts";
import type { RequestOf } from "../../../schemas/commands.ts";
import { StatusError } from "../../../schemas/status.ts";
import { LoginRefused } from "../../backend.ts";
import { handleItemOperations } from "./handle.ts";
import { maxOperations, operationsBudgetBytes } from "../limits.ts";

const wanted = (number: number) => ({
  Store: "Mailbox",
  CollectionId: "f1",
  ServerId: `f1:${number}`,
  Options: [],
});

const fetching = (number: number) => ({ Fetch: wanted(number) });

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
  const request = [fetching(1), fetching(2), fetching(3)];
  const answer = await handleItemOperations(request, scene.context);
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
  await assert.rejects(handleItemOperations([fetching(1)], scene.context), LoginRefused);
});

test("ItemOperations: more operations than are answered at once are Status 11, none at all 2", async () => {
  const scene = await commandScene();
  for (const [count, status] of [
    [maxOperations + 1, 11],
    [0, 2],
  ] as const) {
    const request = Array.from({ length: count }, (_, index) => fetching(index + 1));
    await assert.rejects(
      handleItemOperations(request, scene.context),
      (error) => error instanceof StatusError && error.status === status,
    );
  }
});

type Operation = RequestOf<"ItemOperations">[number];
type Options = Extract<Operation, { Fetch: unknown }>["Fetch"]["Options"][number];

/** The statuses of a mail that is fetched three times. */
async function statusesOfThree(mail: string, options: Options): Promise<unknown> {
  const scene = await commandScene();
  scene.server.deliver(Buffer.from(mail));
  const one = { Fetch: { ...wanted(1), Options: [options] } };
  const answer = await handleItemOperations([one, one, one], scene.context);
  assert.ok("Status" in answer);
  return answer.Response?.Fetch.map(({ Status }) => Status);
}

const wholeMail = { MIMESupport: 2, BodyPreference: [{ Type: 4 }] };

function lines(octets: number): string {
  return `${"x".repeat(70)}\r\n`.repeat(octets / 72);
}

test("ItemOperations: once an answer is too large no further item is fetched", async () => {
  const large = `Message-ID: <l@x>\r\nSubject: large\r\n\r\n${lines(36_000_000)}`;
  assert.deepEqual(await statusesOfThree(large, wholeMail), [1, 1, 11]);
});

test("ItemOperations: a body part counts for what is too large as the body does", async () => {
  const text = `Content-Type: text/plain\r\n\r\n${lines(900_000)}`;
  const file = `Content-Type: application/octet-stream\r\n\r\n${lines(32_000_000)}`;
  const head =
    "Message-ID: <p@x>\r\nMIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=b\r\n";
  const mail = `${head}\r\n--b\r\n${text}--b\r\n${file}--b--\r\n`;
  assert.ok(2 * mail.length < operationsBudgetBytes, "two of them alone are not too large");
  assert.deepEqual(await statusesOfThree(mail, wholeMail), [1, 1, 1]);
  const withPart = { ...wholeMail, BodyPartPreference: { Type: 2 } };
  assert.deepEqual(await statusesOfThree(mail, withPart), [1, 1, 11]);
});
