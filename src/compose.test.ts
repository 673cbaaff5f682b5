/** The wired gateway over real Dovecot, Postfix and PostgreSQL: first requests, health, the ways to end. */
import assert from "node:assert/strict";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import process from "node:process";
import { after, before, test } from "node:test";
import { createInterface } from "node:readline";
import { EasClient, type ClientOptions } from "../test/client/client.ts";
import { openTestDatabase } from "../test/rig/database.ts";
import { gatewayEnvironment, makeDataFolder, startGateway } from "../test/rig/gateway.ts";
import { mailServers, password, type MailServers } from "../test/rig/mail/servers.ts";

let mail: MailServers;
before(async () => {
  mail = await mailServers();
});
after(() => mail.stop());

function clientOf(url: string, options: Partial<ClientOptions> = {}): EasClient {
  return new EasClient({ url, user: mail.freshUser(), password, version: "14.1", ...options });
}

test("Gateway: a device signs in at Dovecot over TLS and sees its folders", async () => {
  await using gateway = await startGateway(mail);
  const offered = ["2.5", "12.0", "12.1", "14.0", "14.1", "16.0", "16.1"] as const;
  for (const version of offered) {
    using client = clientOf(gateway.url, { version });
    assert.deepEqual((await client.offered()).versions, offered);
    const { body } = await client.send("FolderSync", { SyncKey: "0" });
    assert.equal(body?.Status, 1);
    const types = body.Changes?.Add.map(({ Type }) => Type) ?? [];
    for (const type of [2, 3, 4, 5, 6]) assert.ok(types.includes(type), `folder type ${type}`);
  }
  const line = gateway.lines.find(({ command }) => command === "FolderSync");
  assert.ok(line);
});

test("Gateway: the same wrong password asks Dovecot once, the right one gets in beside it", async () => {
  await using gateway = await startGateway(mail);
  const user = mail.freshUser("own");
  await mail.setPassword(user, "right");
  using old = clientOf(gateway.url, { user, password: "old password" });
  for (let i = 0; i < 3; i++) {
    assert.equal((await old.send("FolderSync", { SyncKey: "0" })).httpStatus, 401);
  }
  using client = clientOf(gateway.url, { user, password: "right" });
  assert.equal((await client.send("FolderSync", { SyncKey: "0" })).body?.Status, 1);
  const failed = (await mail.dovecotLog()).split("\n").filter((line) => {
    return line.includes(user.split("@")[0] ?? user) && line.includes("Password mismatch");
  });
  assert.equal(failed.length, 1, failed.join("\n"));
});

test("Gateway: ready while all servers answer, not while one is away; 503 to devices", async () => {
  await using gateway = await startGateway(mail);
  const ready = await fetch(`${gateway.healthUrl}/readyz`);
  assert.equal(ready.status, 200, await ready.text());
  const nowhere = 1;
  await using lame = await startGateway(mail, {
    configure: (config) => ({
      ...config,
      domains: config.domains.map((one) => ({ ...one, imap: { ...one.imap, port: nowhere } })),
    }),
  });
  const { status } = await fetch(`${lame.healthUrl}/readyz`);
  assert.equal(status, 503);
  using client = clientOf(lame.url);
  const { httpStatus, headers } = await client.send("FolderSync", { SyncKey: "0" });
  assert.equal(httpStatus, 503);
  assert.ok(Number(headers["retry-after"]) > 0);
});

test("Gateway: stopping answers a held Ping and ends", async () => {
  await using gateway = await startGateway(mail, {
    configure: (config) => ({ ...config, drainSeconds: 0 }),
  });
  using client = clientOf(gateway.url);
  const folders = await client.send("FolderSync", { SyncKey: "0" });
  const inbox = folders.body?.Changes?.Add.find(({ Type }) => Type === 2)?.ServerId ?? "";
  const Folder = [{ Id: inbox, Class: "Email" }];
  const ping = client.send("Ping", { HeartbeatInterval: 600, Folders: { Folder } });
  while (gateway.gateway.push.held() === 0) await new Promise((resolve) => setImmediate(resolve));
  await gateway.gateway.stop();
  assert.equal((await ping).httpStatus, 200);
  await assert.rejects(fetch(`${gateway.healthUrl}/healthz`));
});

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  readonly healthUrl: string;
}

/** A gateway process of its own, and where it listens. */
async function startProcess(env: Record<string, string>): Promise<Started> {
  const program = `
    import { loadConfig } from ${JSON.stringify(new URL("config.ts", import.meta.url).href)};
    import { runGateway } from ${JSON.stringify(new URL("main.ts", import.meta.url).href)};
    await runGateway(loadConfig({ env: process.env }));`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", program], {
    env: { PATH: process.env["PATH"] ?? "", ...env },
    stdio: ["ignore", "pipe", "inherit"],
  });
  for await (const line of createInterface({ input: child.stdout })) {
    const { url, healthUrl } = JSON.parse(line) as Partial<Started>;
    if (url === undefined || healthUrl === undefined) continue;
    child.stdout.resume();
    return { child, url, healthUrl };
  }
  throw new Error("the gateway ended before it listened");
}

/** Two devices of one user that hold a Ping each. */
async function holdTwo({ url, healthUrl }: Started): Promise<readonly Promise<string>[]> {
  const user = mail.freshUser();
  const held = [1, 2].map(async () => {
    using phone = clientOf(url, { user });
    const { body } = await phone.send("FolderSync", { SyncKey: "0" });
    const inbox = body?.Changes?.Add.find(({ Type }) => Type === 2)?.ServerId ?? "";
    const Folder = [{ Id: inbox, Class: "Email" }];
    const ping = phone.send("Ping", { HeartbeatInterval: 600, Folders: { Folder } });
    return await ping.then(
      ({ httpStatus }) => String(httpStatus),
      () => "cut off",
    );
  });
  for (;;) {
    const metrics = await (await fetch(`${healthUrl}/metrics`)).text();
    if (metrics.includes("eastgate_held_requests 2")) return held;
  }
}

test("Process: SIGTERM answers what is held and ends with code 0, a second signal ends at once", async () => {
  await using data = await makeDataFolder(mail);
  await using database = await openTestDatabase();
  const env = gatewayEnvironment(mail, { dataDir: data.path, databaseUrl: database.url });
  const quick = await startProcess({ ...env, EASTGATE_DRAIN_SECONDS: "0" });
  const answered = await holdTwo(quick);
  quick.child.kill("SIGTERM");
  assert.deepEqual(await once(quick.child, "exit"), [0, null]);
  assert.deepEqual(await Promise.all(answered), ["200", "200"]);
  const slow = await startProcess({ ...env, EASTGATE_DRAIN_SECONDS: "25" });
  const held = await holdTwo(slow);
  slow.child.kill("SIGTERM");
  assert.equal(await Promise.race(held), "200", "the first one is answered at once");
  slow.child.kill("SIGINT");
  assert.deepEqual(await once(slow.child, "exit"), [130, null]);
  assert.deepEqual((await Promise.all(held)).toSorted(), ["200", "cut off"]);
});
