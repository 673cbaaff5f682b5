/** Conversations of a folder: as the server itself knows them (RFC 5256), else by the mails' headers. */
import { firstValue, messageIds } from "../../items/email/header.ts";
import { threadsIn, type ThreadedMail } from "../../items/email/threads.ts";
import type { ImapConnection, Parsed, Untagged } from "./connection.ts";
import { threadedMails } from "./limits.ts";
import { headerIn, peekFields } from "./list.ts";
import { atom, isList, pairsOf, textOf } from "./tokens.ts";

/** REFS goes by the message-ids alone; REFERENCES joins mails of one subject too. */
const algorithms = ["REFS", "REFERENCES"];

/** The threads of a folder that have several mails. */
export async function threadsOf(
  connection: ImapConnection,
  path: string,
): Promise<readonly (readonly number[])[]> {
  const algorithm = algorithms.find((name) => connection.has(`THREAD=${name}`));
  return algorithm === undefined
    ? threadsIn(await headersIn(connection, path))
    : await askThreads(connection, algorithm);
}

async function askThreads(connection: ImapConnection, algorithm: string): Promise<number[][]> {
  const threads: number[][] = [];
  await connection.exec("UID THREAD", [atom(algorithm), atom("UTF-8"), atom("ALL")], {
    THREAD: ({ attributes = [] }) => {
      for (const thread of attributes) threads.push(numbersIn(thread));
    },
  });
  return threads.filter(({ length }) => length > 1);
}

/** "(3 6 (4 23)(44 7 96))": the tree is of no interest. */
function numbersIn(thread: Parsed): number[] {
  const numbers: number[] = [];
  const waiting = [thread];
  for (let token = waiting.pop(); token !== undefined; token = waiting.pop()) {
    if (isList(token)) waiting.push(...token);
    else if (textOf(token) !== undefined) numbers.push(Number(textOf(token)));
  }
  return numbers.filter((number) => Number.isSafeInteger(number));
}

function threadedMail(number: number, values: ReadonlyMap<string, Parsed>): ThreadedMail {
  const header = headerIn(values.get("BODY"));
  const first = (name: string): string => messageIds(firstValue(header, name))[0] ?? "";
  return {
    number,
    envelope: { messageId: first("message-id"), inReplyTo: first("in-reply-to") },
    references: messageIds(firstValue(header, "references")),
  };
}

const threadingFields = peekFields(["MESSAGE-ID", "IN-REPLY-TO", "REFERENCES"]);

async function headersIn(connection: ImapConnection, path: string): Promise<ThreadedMail[]> {
  const { exists } = await connection.select(path);
  const first = exists - threadedMails + 1;
  // A UID that is not there is no mistake, even in an empty folder.
  const command = first > 1 ? "FETCH" : "UID FETCH";
  const sequence = { type: "SEQUENCE" as const, value: `${Math.max(1, first)}:*` };
  const mails: ThreadedMail[] = [];
  await connection.exec(command, [sequence, [atom("UID"), threadingFields]], {
    FETCH: ({ attributes }: Untagged) => {
      const values = pairsOf(attributes?.[1]);
      const number = Number(textOf(values.get("UID")));
      if (Number.isSafeInteger(number)) mails.push(threadedMail(number, values));
    },
  });
  return mails;
}
