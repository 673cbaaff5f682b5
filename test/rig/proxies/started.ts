/** nginx and HAProxy with the samples of docs/proxies.md, private and on free loopback ports. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { selfSigned } from "../../../src/kit/self-signed.ts";
import { systemClock } from "../../../src/kit/clock.ts";

/** A proxy's configuration and how it is started. */
interface Recipe {
  readonly program: string;
  readonly args: (config: string, folder: string) => readonly string[];
  readonly config: (sample: string, folder: string) => string;
}

/** The two that are tried, by the language of their sample. */
export const recipes = {
  nginx: {
    program: "/usr/sbin/nginx",
    args: (config, folder) => ["-c", config, "-p", folder, "-g", "daemon off;"],
    // Debian's own nginx.conf around the sample, with its folders elsewhere.
    config: (sample, folder) => `worker_processes 1;
user root;
pid ${folder}/pid;
error_log ${folder}/error.log;
events { worker_connections 256; }
http {
  access_log off;
  ${["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map((name) => `${name}_temp_path ${folder}/${name};`).join("\n  ")}
  ${sample}
}
`,
  },
  haproxy: {
    program: "/usr/sbin/haproxy",
    args: (config) => ["-db", "-f", config],
    config: (sample) => `${sample}\n`,
  },
} as const satisfies Record<string, Recipe>;

/** The name of a proxy, as in docs/proxies.md. */
export type ProxyName = keyof typeof recipes;

/** Both of them. */
export const proxyNames = ["nginx", "haproxy"] as const satisfies readonly ProxyName[];

/** Starts one on `port` in front of the gateway at `gatewayPort`; disposing of it ends it. */
export async function startProxy(
  name: ProxyName,
  { port, gatewayPort }: { readonly port: number; readonly gatewayPort: number },
): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), `eastgate-${name}-`));
  stack.defer(() => rm(folder, { recursive: true, force: true }));
  await mkdir(join(folder, "tls"));
  const { key, cert } = await selfSigned(join(folder, "tls"), systemClock.now());
  const [keyFile, certFile] = [join(folder, "key"), join(folder, "pem")];
  await writeFile(keyFile, key);
  await writeFile(certFile, `${cert}\n${name === "haproxy" ? key : ""}`);
  const sample = (await sampleOf(name))
    .replaceAll("127.0.0.1:8443", `127.0.0.1:${gatewayPort}`)
    .replace("listen 443", `listen 127.0.0.1:${port}`)
    .replace("bind :443", `bind 127.0.0.1:${port}`)
    .replace(/\/etc\/\S*\.key/, keyFile)
    .replace(/\/etc\/\S*\.pem/, certFile);
  const recipe: Recipe = recipes[name];
  const config = join(folder, "config");
  await writeFile(config, recipe.config(sample, folder));
  const child = spawn(recipe.program, [...recipe.args(config, folder)], { stdio: "inherit" });
  stack.defer(async () => {
    const ended = once(child, "exit");
    if (child.exitCode === null && child.kill("SIGTERM")) await ended;
  });
  await untilOpen(port, () => child.exitCode);
  const kept = stack.move();
  return { [Symbol.asyncDispose]: () => kept.disposeAsync() };
}

async function sampleOf(name: string): Promise<string> {
  const text = await readFile(new URL("../../../docs/proxies.md", import.meta.url), "utf8");
  const sample = new RegExp(`^\`\`\`${name}\n([^]*?)^\`\`\``, "m").exec(text)?.[1];
  if (sample === undefined) throw new Error(`docs/proxies.md has no sample for ${name}`);
  return sample;
}

async function untilOpen(port: number, exitCode: () => number | null): Promise<void> {
  while (exitCode() === null) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (isOpen) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`the proxy ended with ${exitCode()}`);
}
