/**
 * What `npm start` and `npm test` need before anything else: the packages of the lock file, and Node 24.
 * Plain JavaScript without dependencies: it runs under Node 20 on a fresh clone.
 */
import { spawn, spawnSync } from "node:child_process";
import { existsSync, statSync } from "node:fs";
import { join } from "node:path";
import process, { arch, env, execPath, exit, platform, ppid, stderr, versions } from "node:process";
import { fileURLToPath } from "node:url";

/** The project's folder. */
export const root = fileURLToPath(new URL("..", import.meta.url)).replace(/\/$/, "");

const neededMajor = 24;

/** Ends the program with one sentence that says what to do. */
export function give(sentence) {
  stderr.write(`${sentence}\n`);
  exit(1);
}

/** Runs `npm ci` when the lock file is newer than what is installed. */
export function ensureInstalled() {
  const installed = join(root, "node_modules", ".package-lock.json");
  const lock = join(root, "package-lock.json");
  if (existsSync(installed) && statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return;
  stderr.write("Installing the packages of package-lock.json; this takes a minute or two.\n");
  const began = performance.now();
  const wanted = [
    "ci",
    "--include=dev",
    "--include=optional",
    "--no-audit",
    "--no-fund",
    "--loglevel=error",
  ];
  const [command, args] = npm(wanted);
  const done = spawnSync(command, args, { cwd: root, stdio: ["ignore", "inherit", "inherit"] });
  if (done.status !== 0) give(`"npm ci" failed in ${root}: see its message above, then try again.`);
  stderr.write(`Installed in ${Math.round((performance.now() - began) / 1000)} s.\n`);
}

/** The npm that runs us, else the one on PATH: the command and its arguments. */
function npm(args) {
  const cli = env.npm_execpath;
  return cli?.endsWith(".js") ? [execPath, [cli, ...args]] : ["npm", args];
}

/** Path of a Node that the project runs on: its own, else the running one when it is new enough. */
function projectNode() {
  const own = join(root, "node_modules", `node-${platform}-${arch}`, "bin", "node");
  if (existsSync(own) && spawnSync(own, ["--version"], { stdio: "ignore" }).status === 0)
    return own;
  if (Number(versions.node.split(".")[0]) >= neededMajor) return execPath;
  return give(
    `Eastgate brings its own Node ${neededMajor} for Linux on x64 and arm64; on ${platform} ${arch} install Node ${neededMajor} and start again (this is Node ${versions.node}).`,
  );
}

/** Signals that are within this time of the first are the same key press, by way of the terminal and of npm. */
const samePressMs = 1_000;

/**
 * Runs a program of the project under its own Node, in a process group of its own, so that Ctrl-C reaches it once,
 * through us. Ends this process with the program's exit code; when npm ends before us, the program is stopped too.
 */
export function runUnderProjectNode(args, environment = env) {
  const child = spawn(projectNode(), args, {
    cwd: root,
    env: environment,
    detached: true,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  let firstAt;
  const pass = (signal) => {
    const now = performance.now();
    if (firstAt === undefined || now - firstAt > samePressMs) child.kill(signal);
    firstAt ??= now;
  };
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => pass(signal));
  if (env.npm_lifecycle_event !== undefined) watchParent(() => pass("SIGTERM"));
  child.on("error", (error) => give(`${projectNode()} does not start: ${error.message}`));
  child.on("exit", (code, signal) => exit(code ?? (signal === "SIGINT" ? 130 : 1)));
}

/** Runs a command of the project that asks and answers in this terminal; ends this process with its exit code. */
export function runHere(args, folder) {
  const [program, ...rest] = args;
  const done = spawnSync(projectNode(), [join(root, program), ...rest], {
    cwd: folder,
    stdio: "inherit",
  });
  exit(done.status ?? 1);
}

/** npm's shell can die of a signal without passing it on. */
function watchParent(ended) {
  const timer = setInterval(() => {
    if (process.ppid === ppid) return;
    clearInterval(timer);
    ended();
  }, 500);
}
