import assert from "node:assert/strict";
import { connect } from "node:net";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { startImapProxy } from "./proxy.ts";
import { mailServers } from "./servers.ts";

async function answerTo(tag: string, lines: AsyncIterator<string>): Promise<string[]> {
  const answer: string[] = [];
  for (;;) {
    const { value, done } = await lines.next();
    if (done === true) throw new Error("the server hung up");
    answer.push(value);
    if (value.startsWith(tag)) return answer;
  }
}

/** Says lines one after the other; the lines of each answer. */
async function talk(port: number, commands: readonly string[]): Promise<string[][]> {
  const socket = connect(port, "127.0.0.1");
  const lines = createInterface({ input: socket })[Symbol.asyncIterator]();
  const answers: string[][] = [[(await lines.next()).value ?? ""]];
  for (const [at, command] of commands.entries()) {
    socket.write(`t${at} ${command}\r\n`);
    answers.push(await answerTo(`t${at} `, lines));
  }
  socket.destroy();
  return answers;
}

test("Rig: a server without a capability neither lists nor understands it", async () => {
  await using mail = await mailServers();
  await using poor = await startImapProxy(mail.imap.port, {
    without: ["CONDSTORE", "QRESYNC", "ESEARCH", "UIDPLUS", "LITERAL+"],
  });
  const answers = await talk(poor.port, [
    `LOGIN ${mail.freshUser()} secret`,
    "SELECT INBOX",
    "UID SEARCH RETURN (ALL) ALL",
    "STATUS INBOX (HIGHESTMODSEQ)",
    "APPEND INBOX {8+}\r\na1 NOOP\n",
    "COPY 1 Trash",
  ]);
  const [, login, select, search, status, append, copy] = answers.map((lines) => lines.join(" "));
  assert.match(String(login), /CAPABILITY .*IDLE/);
  assert.doesNotMatch(String(login), /CONDSTORE|QRESYNC|ESEARCH|UIDPLUS|LITERAL/);
  assert.doesNotMatch(String(select), /MODSEQ/);
  assert.match(String(search), /BAD this server has no ESEARCH/);
  assert.match(String(status), /BAD this server has no CONDSTORE/);
  // The refused literal is not taken for a command.
  assert.match(String(append), /BAD this server has no LITERAL\+/);
  assert.match(String(copy), /^t5 (NO|OK|BAD) /);
  assert.deepEqual(poor.said.slice(0, 2), ["LOGIN", "SELECT INBOX"]);
});
