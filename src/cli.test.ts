import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { env, execPath } from "node:process";
import { text } from "node:stream/consumers";
import { suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openTestDatabase } from "../test/rig/database.ts";
import { mailServers, password } from "../test/rig/mail/servers.ts";
import { Devices } from "./devices/devices.ts";
import { systemClock } from "./kit/clock.ts";
import { putAccount } from "./store/accounts.ts";

const program = fileURLToPath(new URL("bin.ts", import.meta.url));

interface Said {
  readonly code: unknown;
  readonly out: string;
  readonly errors: string;
}

async function eastgate(
  args: readonly string[],
  { input = "", more = {} }: { input?: string; more?: NodeJS.ProcessEnv } = {},
): Promise<Said> {
  const child = spawn(execPath, [program, ...args], { env: { ...env, ...more } });
  const ended = once(child, "exit");
  child.stdin.end(input);
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { code, out, errors };
}

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "eastgate-cli-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

suite("eastgate", () => {
  test("tells what it can, and each of its commands too", async () => {
    const overview = await eastgate(["--help"]);
    assert.equal(overview.code, 0);
    for (const name of ["serve", "init", "check", "device", "trace", "backup", "restore"]) {
      assert.match(overview.out, new RegExp(`^  ${name} `, "m"));
      const { code, out } = await eastgate([name, "--help"]);
      assert.equal(code, 0);
      assert.match(out, new RegExp(`^Usage: eastgate ${name}`));
    }
  });

  test("tells its version", async () => {
    const { code, out } = await eastgate(["--version"]);
    assert.equal(code, 0);
    assert.match(out, /^\d+\.\d+\.\d+\n$/);
  });

  test("ends with 2 when the command line is not understood", async () => {
    const lines = [["sreve"], ["serve", "--confg", "x"], ["device", "lst"], ["init", "a", "b"]];
    for (const line of lines) {
      const { code, errors } = await eastgate(line);
      assert.equal(code, 2, line.join(" "));
      assert.match(errors, /eastgate --help/);
    }
  });

  test("ends with 1 and one line an error when the configuration is broken", async () => {
    const { code, errors } = await eastgate(["serve"], { more: { EASTGATE_LISTEN_PORT: "many" } });
    assert.equal(code, 1);
    assert.match(
      errors,
      /^environment: \d errors?\n {2}listen\.port \(from EASTGATE_LISTEN_PORT\): /,
    );
    assert.doesNotMatch(errors, /\bat .*\.ts/);
  });
});

suite("eastgate init", () => {
  test("writes a file, never over another one", async () => {
    await inFolder(async (folder) => {
      const file = join(folder, "new.toml");
      assert.equal((await eastgate(["init", file])).code, 0);
      assert.match(await readFile(file, "utf8"), /\[\[domains\]\]/);
      await writeFile(file, "mine");
      assert.equal((await eastgate(["init", file])).code, 1);
      assert.equal(await readFile(file, "utf8"), "mine");
    });
  });

  test("says that the folder is missing", async () => {
    await inFolder(async (folder) => {
      const { code, out } = await eastgate(["init", join(folder, "none", "new.toml")]);
      assert.equal(code, 1);
      assert.match(out, /new\.toml cannot be written: its folder does not exist/);
    });
  });
});

suite("eastgate device", () => {
  test("lists devices and shows one", async () => {
    await using opened = await openTestDatabase();
    const { database, url } = opened;
    const address = "alice@example.test";
    const name = { domain: "example.test", login: address, email: address };
    const account = await putAccount(database, name, new Date());
    const devices = new Devices({ database, clock: systemClock, requiresPolicy: () => false });
    await devices.findOrCreate(account, {
      deviceId: "phone1",
      deviceType: "Phone",
      userAgent: "Phone/1",
      protocolVersion: "14.1",
      address: "192.0.2.1",
    });
    const more = {
      DATABASE_URL: url,
      EASTGATE_TLS_MODE: "self-signed",
      EASTGATE_DOMAINS_0_NAME: "example.test",
      EASTGATE_DOMAINS_0_IMAP_HOST: "localhost",
      EASTGATE_DOMAINS_0_SMTP_HOST: "localhost",
    };
    const list = await eastgate(["device", "list"], { more });
    assert.match(list.out, /alice@example\.test +phone1 +Phone +14\.1 +allowed/);
    const shown = await eastgate(["device", "show", "phone1"], { more });
    assert.match(shown.out, /userAgent +Phone\/1\n/);
    assert.match(shown.out, /device created/);
    const json = await eastgate(["device", "list", "--json"], { more });
    assert.equal((JSON.parse(json.out) as { deviceId: string }[])[0]?.deviceId, "phone1");
    assert.equal((await eastgate(["device", "show", "phone2"], { more })).code, 1);
  });
});

suite("eastgate backup and restore", () => {
  test("write a file once, and read it into an empty database alone", async () => {
    await using opened = await openTestDatabase();
    const more = {
      DATABASE_URL: opened.url,
      EASTGATE_TLS_MODE: "self-signed",
      EASTGATE_DOMAINS_0_NAME: "example.test",
      EASTGATE_DOMAINS_0_IMAP_HOST: "localhost",
      EASTGATE_DOMAINS_0_SMTP_HOST: "localhost",
    };
    await inFolder(async (folder) => {
      const file = join(folder, "state.backup");
      const first = await eastgate(["backup", file], { more });
      assert.match(first.out, /^Wrote 0 rows of \d+ tables into /);
      const second = await eastgate(["backup", file], { more });
      assert.deepEqual([second.code, second.out.includes("is there already")], [1, true]);
      const used = await eastgate(["restore", file], { more });
      assert.match(used.errors, /^Eastgate runs on this database: stop it, then restore\.\n$/);
      const none = await eastgate(["restore", join(folder, "none")], { more });
      assert.deepEqual([used.code, none.code], [1, 1]);
    });
  });
});

suite("eastgate check", () => {
  test("tells what servers can, and what fails and why", async () => {
    await using opened = await openTestDatabase();
    await using servers = await mailServers();
    const user = servers.freshUser();
    const more = {
      DATABASE_URL: opened.url,
      EASTGATE_TLS_MODE: "self-signed",
      EASTGATE_DOMAINS_0_NAME: "example.test",
      EASTGATE_DOMAINS_0_IMAP_HOST: "127.0.0.1",
      EASTGATE_DOMAINS_0_IMAP_PORT: String(servers.imap.port),
      EASTGATE_DOMAINS_0_IMAP_SECURITY: "plain",
      EASTGATE_DOMAINS_0_SMTP_HOST: "127.0.0.1",
      EASTGATE_DOMAINS_0_SMTP_PORT: String(servers.smtp.port),
      EASTGATE_DOMAINS_0_SMTP_SECURITY: "plain",
    };
    const good = await eastgate(["check", "--login", user], { more, input: `${password}\n` });
    assert.equal(good.code, 0, good.out + good.errors);
    assert.match(good.out, /^ok {4}IMAP .*CONDSTORE/m);
    const wrong = await eastgate(["check", "--login", user], { more, input: "wrong\n" });
    assert.equal(wrong.code, 1);
    assert.match(wrong.out, /^FAIL {2}IMAP /m);
    const closed = { ...more, EASTGATE_DOMAINS_0_SMTP_PORT: "1" };
    const away = await eastgate(["check"], { more: closed });
    assert.equal(away.code, 1);
    assert.match(away.out, /^ok {4}database: answers \(yours, PostgreSQL \d+/m);
    assert.match(away.out, /^FAIL {2}SMTP 127\.0\.0\.1:1: .*ECONNREFUSED/m);
  });
});
