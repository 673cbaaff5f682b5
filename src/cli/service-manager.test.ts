import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { env } from "node:process";
import { quiet } from "../../test/rig/quiet-log.ts";
import { StillClock } from "../kit/still-clock.ts";
import { serviceManager } from "./service-manager.ts";

const missing = ["systemd-notify", "perl"].filter((name) => spawnSync(name, ["-v"]).error);
const skip = missing.length > 0 && `not installed: ${missing.join(", ")}`;

/** Prints each datagram that comes to the socket, as systemd would read it. */
const receiver = `use Socket; $| = 1;
socket(my $s, AF_UNIX, SOCK_DGRAM, 0) or die; bind($s, sockaddr_un($ARGV[0])) or die; print "bound\\n";
while (defined recv($s, my $text, 4096, 0)) { print join("|", split(/\\n/, $text)), "\\n" }`;

test("systemd hears when the service is ready, and its signs of life", { skip }, async () => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "eastgate-notify-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const socket = join(folder, "notify");
  const child = spawn("perl", ["-e", receiver, socket], { stdio: ["ignore", "pipe", "inherit"] });
  stack.defer(() => void child.kill());
  const lines = createInterface(child.stdout)[Symbol.asyncIterator]();
  const next = async (wanted: RegExp): Promise<void> => {
    for (;;) {
      const { value, done } = await lines.next();
      assert.ok(done !== true, `ended before ${wanted}`);
      if (wanted.test(value)) return;
    }
  };
  await next(/^bound$/);
  const clock = new StillClock();
  const told = { ...env, NOTIFY_SOCKET: socket, WATCHDOG_USEC: "30000000" };
  const manager = serviceManager(told, clock, quiet);
  manager.ready();
  await next(/READY=1/);
  for (let count = 0; count < 2; count++) {
    clock.advance(15_000);
    await next(/WATCHDOG=1/);
  }
  manager[Symbol.dispose]();
  assert.equal(clock.pending(), 0);
});

test("Without systemd nobody is told", () => {
  const clock = new StillClock();
  using manager = serviceManager({ WATCHDOG_USEC: "30000000" }, clock, quiet);
  manager.ready();
  assert.equal(clock.pending(), 0);
});
