import assert from "node:assert/strict";
import { test } from "node:test";
import { threadsIn, type ThreadedMail } from "./threads.ts";

function mail(
  number: number,
  messageId: string,
  inReplyTo = "",
  references: string[] = [],
): ThreadedMail {
  return { number, envelope: { messageId, inReplyTo }, references };
}

test("Mails belong together by References, else by In-Reply-To, in whatever order they came", () => {
  const threads = threadsIn([
    mail(1, "<c>", "<b>"),
    mail(2, "<b>", "<a>"),
    mail(3, "<a>"),
    mail(4, "<e>", "<d>", ["<gone>", "<d>"]),
    mail(5, "<f>", "<e>", ["<gone>", "<e>"]),
    mail(6, "<alone>"),
  ]);
  assert.deepEqual(threads, [
    [1, 2, 3],
    [4, 5],
  ]);
});

test("Mails without a message-id stay alone; ids that name each other in a ring end", () => {
  const threads = threadsIn([
    mail(1, ""),
    mail(2, ""),
    mail(3, "<x>", "<y>"),
    mail(4, "<y>", "<x>"),
  ]);
  assert.deepEqual(threads, [[3, 4]]);
});

test("A chain of fifty thousand replies is one conversation", () => {
  const mails = Array.from({ length: 50_000 }, (_, at) => mail(at + 1, `<${at}>`, `<${at - 1}>`));
  assert.deepEqual(
    threadsIn(mails).map(({ length }) => length),
    [50_000],
  );
});
