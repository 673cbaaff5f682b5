import assert from "node:assert/strict";
import { execFile, spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execPath } from "node:process";
import { after, suite, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Phone } from "../../test/client/phone.ts";
import { freePort } from "./gateway.ts";

const start = fileURLToPath(new URL("../start.mjs", import.meta.url));
const run = promisify(execFile);

/** What the demo prints, up to and with `last`. */
function printed(child: ChildProcess, last: RegExp): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = "";
  child.stdout?.on("data", (chunk) => {
    text += String(chunk);
    if (last.test(text)) resolve(text);
  });
  child.once("exit", () => reject(new Error(`The demo ended before it was up: ${text}`)));
  return promise;
}

/** Programs whose command line names this folder. */
async function programsWith(folder: string): Promise<readonly string[]> {
  const ids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const lines = ids.map((id) => readFile(`/proc/${id}/cmdline`, "utf8").catch(() => ""));
  return (await Promise.all(lines)).filter((line) => line.includes(folder));
}

suite("npm start without a configuration", async () => {
  const folder = await mkdtemp(join(tmpdir(), "eastgate-demo-"));
  await chmod(folder, 0o755);
  const port = await freePort(18_443, "127.0.0.1");
  const data = join(folder, "data");
  const args = [start, "--port", String(port), "--host", "127.0.0.1", "--data", data];
  const demo = spawn(execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(demo, "exit");
  after(async () => {
    if (demo.exitCode === null) demo.kill("SIGTERM");
    await ended;
    await rm(folder, { recursive: true, force: true });
  });

  test("prints the users, what to enter in a phone, and a curl line that answers", async () => {
    const text = await printed(demo, /Metrics .*\n/);
    assert.match(text, /alice@north\.test and bob@south\.test, password of both: eastgate/);
    assert.match(text, new RegExp(`Server +127\\.0\\.0\\.1:${port}`));
    const line = /^ +(curl .*)$/m.exec(text)?.[1] ?? "";
    const { stdout } = await run("sh", ["-c", `${line} --silent --show-error`]);
    assert.match(stdout, /^HTTP\/1\.1 200 /);
    assert.match(stdout, /^ms-asprotocolversions: 2\.5,12\.0,12\.1,14\.0,14\.1,16\.0,16\.1\r$/im);
  });

  test("wakes a phone when the other user writes", async () => {
    const shared = { url: `https://127.0.0.1:${port}`, password: "eastgate" };
    using alice = new Phone({ ...shared, user: "alice@north.test", version: "14.1" });
    using bob = new Phone({ ...shared, user: "bob@south.test", version: "14.1" });
    await alice.folderSync();
    const inbox = alice.folderOfType(2);
    await alice.syncAll(inbox);
    const subjects = Array.from(alice.mails(inbox).values(), ({ Subject }) => Subject);
    assert.ok(subjects.includes("Grüße aus Köln, 東京 und Αθήνα 🚲"), subjects.join());
    const woken = alice.ping({ heartbeatSeconds: 300, collectionIds: [inbox] });
    const mail = "From: bob@south.test\r\nTo: alice@north.test\r\nSubject: Hello\r\n\r\nAlice\r\n";
    assert.equal(await bob.sendMail(Buffer.from(mail)), 1);
    const { Status, Folders } = await woken;
    assert.deepEqual([Status, Folders?.Folder], [2, [inbox]]);
    assert.equal((await alice.sync(inbox)).adds.length, 1);
  });

  test("leaves nothing running after Ctrl-C", async () => {
    assert.notDeepEqual(await programsWith(folder), []);
    demo.kill("SIGINT");
    assert.deepEqual(await ended, [0, null]);
    assert.deepEqual(await programsWith(folder), []);
  });
});
