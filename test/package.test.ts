import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { request } from "node:https";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { freePort } from "../scripts/demo/gateway.ts";
import { mailServers, password, type MailServers } from "./rig/mail/servers.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const run = promisify(execFile);
const quiet = ["--no-audit", "--no-fund", "--loglevel=error"];

/** Packs the project and installs the package into a folder of its own, as an operator would. */
async function install(folder: string): Promise<string> {
  const packed = await run("npm", ["pack", "--silent", "--pack-destination", folder], {
    cwd: root,
  });
  const tarball = join(folder, packed.stdout.trim().split("\n").at(-1) ?? "");
  await writeFile(join(folder, "package.json"), "{}");
  await run("npm", ["install", "--prefer-offline", "--omit=dev", ...quiet, tarball], {
    cwd: folder,
  });
  return join(folder, "node_modules", ".bin", "eastgate");
}

function options(port: number, user: string): Promise<object> {
  const { promise, resolve, reject } = Promise.withResolvers<object>();
  const asked = request(
    {
      host: "127.0.0.1",
      port,
      method: "OPTIONS",
      path: "/Microsoft-Server-ActiveSync",
      auth: `${user}:${password}`,
      rejectUnauthorized: false,
    },
    (answer) => {
      answer.resume();
      resolve({ status: answer.statusCode, versions: answer.headers["ms-asprotocolversions"] });
    },
  );
  asked.on("error", reject);
  asked.end();
  return promise;
}

function plainServer(port: number): string {
  return `{ host = "127.0.0.1", port = ${port}, security = "plain" }`;
}

function configOf(port: number, metricsPort: number, servers: MailServers): string {
  return `drain_seconds = 0
listen = { host = "127.0.0.1", port = ${port} }
tls.mode = "self-signed"
metrics.port = ${metricsPort}
[[domains]]
name = "example.test"
imap = ${plainServer(servers.imap.port)}
smtp = ${plainServer(servers.smtp.port)}
`;
}

test("The published package", async (t) => {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "eastgate-package-"));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  // The embedded database runs as another user when the tests run as root.
  await chmod(folder, 0o755);
  const eastgate = await install(folder);
  const servers = stack.use(await mailServers());
  const port = await freePort(18_543, "127.0.0.1");
  const config = join(folder, "eastgate.toml");
  await writeFile(config, configOf(port, await freePort(19_464, "127.0.0.1"), servers));

  await t.test("has the command eastgate, which tells what it can", async () => {
    const { stdout } = await run(eastgate, ["--help"]);
    assert.match(stdout, /serve[^]*init[^]*check[^]*device/);
  });

  await t.test("holds no tests and no TypeScript", async () => {
    const names = await readdir(join(folder, "node_modules", "eastgate"), { recursive: true });
    assert.ok(names.includes("dist/src/bin.js"));
    assert.deepEqual(
      names.filter((name) => /\.ts$|\.test\./.test(name)),
      [],
    );
  });

  await t.test("checks a configuration against real servers", async () => {
    const { stdout } = await run(eastgate, ["check", "--config", config]);
    for (const subject of ["database", "IMAP 127.0.0.1", "SMTP 127.0.0.1"]) {
      assert.ok(stdout.includes(`ok    ${subject}`), stdout);
    }
  });

  await t.test("serves until SIGTERM", async () => {
    const server = spawn(eastgate, ["serve", "--config", config], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const ended = once(server, "exit");
    stack.defer(() => void server.kill("SIGKILL"));
    const user = servers.freshUser();
    let answer: unknown;
    while (answer === undefined && server.exitCode === null) {
      answer = await options(port, user).catch(() => pause(100, undefined));
    }
    assert.deepEqual(answer, { status: 200, versions: "2.5,12.0,12.1,14.0,14.1,16.0,16.1" });
    server.kill("SIGTERM");
    assert.deepEqual(await ended, [0, null]);
  });
});

test("The lock names every optional dependency, so that npm ci takes it (else: npm run lock)", async () => {
  const lock: unknown = JSON.parse(await readFile(join(root, "package-lock.json"), "utf8"));
  const { packages } = lock as {
    packages: Record<string, { optionalDependencies?: Record<string, string>; resolved?: string }>;
  };
  const wanted = Object.values(packages).flatMap((each) =>
    Object.keys(each.optionalDependencies ?? {}),
  );
  assert.deepEqual(
    wanted.filter((name) => packages[`node_modules/${name}`] === undefined),
    [],
  );
  assert.deepEqual(
    Object.values(packages).filter(({ resolved }) => resolved !== undefined),
    [],
    "the lock names no registry",
  );
});
