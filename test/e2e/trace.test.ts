/** `eastgate trace` and `eastgate device issues` as an operator runs them, beside a gateway that serves devices. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { after, before, test } from "node:test";
import { env, execPath } from "node:process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { Phone } from "../client/phone.ts";
import {
  gatewayEnvironment,
  makeDataFolder,
  startGateway,
  type TestGateway,
} from "../rig/gateway.ts";
import { mailServers, password, type MailServers } from "../rig/mail/servers.ts";

const program = fileURLToPath(new URL("../../src/bin.ts", import.meta.url));
let mail: MailServers;
let gateway: TestGateway;
let settings: NodeJS.ProcessEnv;
const stack = new AsyncDisposableStack();

before(async () => {
  mail = stack.use(await mailServers());
  gateway = stack.use(await startGateway(mail));
  const data = stack.use(await makeDataFolder(mail));
  const { databaseUrl } = gateway;
  settings = { ...env, ...gatewayEnvironment(mail, { dataDir: data.path, databaseUrl }) };
});
after(() => stack.disposeAsync());

/** Runs the command; `lines` are those that it prints, as they come. */
function run(...args: readonly string[]) {
  const child = spawn(execPath, [program, ...args], {
    env: settings,
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  return {
    child,
    ended,
    /** All that is printed up to a line that matches, which is part of it. */
    upTo: async (wanted: RegExp): Promise<string> => {
      let text = "";
      for (;;) {
        const { value, done } = await lines.next();
        assert.ok(done !== true, `ended before ${wanted}:\n${text}`);
        text += `${value}\n`;
        if (wanted.test(value)) return text;
      }
    },
  };
}

async function phoneWithMail(): Promise<{ readonly phone: Phone; readonly inbox: string }> {
  const user = mail.freshUser();
  const lines = [`From: Carol <carol@example.test>`, `To: <${user}>`, "Subject: Very private plan"];
  await mail.deliver(user, Buffer.from(`${lines.join("\r\n")}\r\n\r\nSecret words.\r\n`));
  const phone = new Phone({ url: gateway.url, user, password, version: "14.1" });
  await phone.folderSync();
  return { phone, inbox: phone.folderOfType(2) };
}

/** The gateway learns of a trace by a hint: what it answers before that is not in it. */
async function untilTraced(phone: Phone, upTo: (wanted: RegExp) => Promise<string>) {
  const state = { traced: false };
  const shown = upTo(/^<- \S+ FolderSync /).finally(() => (state.traced = true));
  const ask = async (): Promise<void> => {
    while (!state.traced) await phone.folderSync();
  };
  await Promise.all([shown, ask()]);
}

test("eastgate trace: shows one device's messages without contents, until Ctrl-C", async () => {
  const { phone, inbox } = await phoneWithMail();
  const other = await phoneWithMail();
  const { child, ended, upTo } = run("trace", phone.client.deviceId.toUpperCase());
  await upTo(/^Traces /);
  await untilTraced(phone, upTo);
  await other.phone.syncAll(other.inbox);
  await phone.syncAll(inbox);
  const seen = await upTo(/<email:Subject/);
  assert.match(seen, /^-> \S+Z Sync 14\.1 policy key 0\n<Sync xmlns="AirSync"/m);
  assert.match(seen, /^<- \S+Z Sync HTTP 200 after \d+ ms\n<Sync xmlns="AirSync"/m);
  assert.match(seen, /<email:Subject>…\(17 chars\)</);
  assert.ok(!seen.includes(other.phone.client.options.user));
  child.kill("SIGINT");
  const rest = await upTo(/^The trace has ended/);
  assert.match(rest, /ended by its reader/);
  assert.doesNotMatch(seen + rest, /private|Secret|Carol|carol/);
  assert.deepEqual((await ended)[0], 0);
  phone[Symbol.dispose]();
  other.phone[Symbol.dispose]();
});

test("eastgate trace --content: shows contents, and refused requests too", async () => {
  const { phone, inbox } = await phoneWithMail();
  const { child, ended, upTo } = run("trace", phone.client.deviceId, "--content", "--minutes", "1");
  await upTo(/^Traces /);
  await untilTraced(phone, upTo);
  await phone.client.sendBytes("Sync", Buffer.from("no WBXML"));
  await upTo(/8 bytes that are not WBXML/);
  assert.match(await upTo(/<Status>102</), /^<- \S+Z Sync HTTP 200/m);
  await phone.syncAll(inbox);
  await upTo(/<email:Subject>Very private plan</);
  child.kill("SIGTERM");
  await upTo(/^The trace has ended/);
  assert.deepEqual((await ended)[0], 0);
  phone[Symbol.dispose]();
});

test("eastgate device issues: names a device that repeats what fails", async () => {
  const { phone } = await phoneWithMail();
  for (let i = 0; i < 3; i++) await phone.client.sendBytes("Sync", Buffer.from("no WBXML"));
  await gateway.restart();
  const { ended, upTo } = run("device", "issues", phone.client.deviceId);
  const line = await upTo(/repeats a command that fails in the same way each time/);
  assert.match(line, /\(got 102\), 1 times/);
  assert.deepEqual((await ended)[0], 0);
  const wrong = run("trace", "nobody");
  await wrong.upTo(/There is no device "nobody"/);
  assert.deepEqual((await wrong.ended)[0], 1);
  phone[Symbol.dispose]();
});
