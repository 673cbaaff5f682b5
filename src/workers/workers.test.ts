/** Two worker processes behind one port, as `eastgate serve` runs them, over real Dovecot and PostgreSQL. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { env, execPath, kill } from "node:process";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { EasClient } from "../../test/client/client.ts";
import { Phone } from "../../test/client/phone.ts";
import { openTestDatabase } from "../../test/rig/database.ts";
import { gatewayEnvironment, makeDataFolder } from "../../test/rig/gateway.ts";
import { mailServers, password, type MailServers } from "../../test/rig/mail/servers.ts";
import { loadConfig } from "../config.ts";
import { shareOf } from "./share.ts";

const program = fileURLToPath(new URL("../bin.ts", import.meta.url));

type Line = Readonly<Record<string, unknown>>;

/** A gateway of two workers, and its log. */
interface Running extends AsyncDisposable {
  readonly pid: number;
  readonly ended: Promise<unknown[]>;
  readonly lines: readonly Line[];
  /** The first line from now on, or before, that matches. */
  line(wanted: (line: Line) => boolean): Promise<Line>;
  end(signal: NodeJS.Signals): void;
}

async function start(mail: MailServers, more: NodeJS.ProcessEnv = {}): Promise<Running> {
  await using stack = new AsyncDisposableStack();
  const data = stack.use(await makeDataFolder(mail));
  const database = stack.use(await openTestDatabase());
  const settings = gatewayEnvironment(mail, { dataDir: data.path, databaseUrl: database.url });
  const child = spawn(execPath, [program, "serve"], {
    env: { ...env, ...settings, EASTGATE_WORKERS: "2", EASTGATE_DRAIN_SECONDS: "0", ...more },
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  stack.defer(async () => {
    child.kill("SIGKILL");
    await ended;
  });
  const lines: Line[] = [];
  const news = new EventTarget();
  createInterface(child.stdout).on("line", (text) => {
    lines.push(JSON.parse(text) as Line);
    news.dispatchEvent(new Event("line"));
  });
  const line = async (wanted: (line: Line) => boolean): Promise<Line> => {
    for (;;) {
      const found = lines.find(wanted);
      if (found !== undefined) return found;
      await new Promise((resolve) => news.addEventListener("line", resolve, { once: true }));
    }
  };
  const kept = stack.move();
  return {
    pid: child.pid ?? 0,
    ended,
    lines,
    line,
    end: (signal) => void child.kill(signal),
    [Symbol.asyncDispose]: () => kept.disposeAsync(),
  };
}

/** False also for a process that ended and was not waited for. */
async function lives(pid: number): Promise<boolean> {
  return (await argumentsOf(pid)).length > 0;
}

async function argumentsOf(pid: number): Promise<readonly string[]> {
  const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
  return line.split("\0").filter((each) => each !== "");
}

function pidsOf(lines: readonly Line[]): number[] {
  const listening = lines.filter(({ msg }) => msg === "Eastgate listens");
  return listening.map(({ worker }) => Number(worker));
}

/** Opens new connections until both have answered. */
async function untilServedBy(workers: readonly number[], url: string, { lines }: Running) {
  const served = (): boolean =>
    workers.every((pid) => lines.some((line) => line["worker"] === pid && "command" in line));
  for (let i = 0; !served(); i++) {
    assert.ok(i < 500, "both workers get connections");
    using client = new EasClient({ url, user: "nobody", password: "x", version: "14.1" });
    await client.exchange("OPTIONS", "/Microsoft-Server-ActiveSync", {}, undefined);
  }
}

test("Workers: share the port, one that is killed is replaced, SIGTERM ends all", async () => {
  await using mail = await mailServers();
  await using gateway = await start(mail);
  const { url, healthUrl } = await gateway.line(({ msg }) => msg === "All workers serve");
  const [first = 0, second = 0] = pidsOf(gateway.lines);
  await untilServedBy([first, second], String(url), gateway);
  for (const pid of [gateway.pid, first, second]) {
    assert.ok((await argumentsOf(pid)).includes("--max-semi-space-size=16"), "V8 is told its heap");
  }

  using phone = new Phone({ url: String(url), user: mail.freshUser(), password, version: "14.1" });
  assert.equal(await phone.folderSync(), 1);
  const inbox = phone.folderOfType(2);
  await phone.syncAll(inbox);
  const ready = await fetch(`${String(healthUrl)}/readyz`);
  assert.equal(ready.status, 200, await ready.text());
  const metrics = await (await fetch(`${String(healthUrl)}/metrics`)).text();
  assert.match(
    metrics,
    /^eastgate_requests_total\{command="FolderSync",http="200",status="1"\} 1$/m,
  );

  kill(first, "SIGKILL");
  const replaced = ({ msg, worker }: Line): boolean =>
    msg === "Eastgate listens" && worker !== first && worker !== second;
  const third = Number((await gateway.line(replaced))["worker"]);
  assert.equal(await phone.folderSync().catch(() => phone.folderSync()), 1);
  await untilServedBy([second, third], String(url), gateway);

  const held = phone.ping({ heartbeatSeconds: 600, collectionIds: [inbox] });
  for (let text = ""; !/^eastgate_held_requests 1$/m.test(text);) {
    text = await (await fetch(`${String(healthUrl)}/metrics`)).text();
  }
  gateway.end("SIGTERM");
  assert.equal((await held).Status, 1, "a held Ping is answered");
  assert.deepEqual(await gateway.ended, [0, null]);
  assert.deepEqual(await Promise.all([second, third].map(lives)), [false, false]);
});

test("Workers: when the process that started them is killed they end too", async () => {
  await using mail = await mailServers();
  await using gateway = await start(mail);
  await gateway.line(({ msg }) => msg === "All workers serve");
  gateway.end("SIGKILL");
  await gateway.ended;
  const workers = pidsOf(gateway.lines);
  assert.equal(workers.length, 2);
  for (const pid of workers) while (await lives(pid));
});

test("Workers: limits of an account hold for all of them together", () => {
  const settings = {
    EASTGATE_WORKERS: "3",
    EASTGATE_TLS_MODE: "self-signed",
    EASTGATE_DOMAINS_0_NAME: "example.test",
    EASTGATE_DOMAINS_0_IMAP_HOST: "localhost",
    EASTGATE_DOMAINS_0_SMTP_HOST: "localhost",
  };
  const imap = shareOf(loadConfig({ env: settings })).domains[0]?.imap;
  assert.deepEqual([imap?.connectionsPerAccount, imap?.loginsInFlight], [2, 6]);
  assert.throws(
    () => loadConfig({ env: { ...settings, EASTGATE_WORKERS: "4" } }),
    /connections_per_account.* is 6, too few for 4 workers, which need 2 each\. Give at least 8/,
  );
});
