/** A daemon that a test started: paused, and started anew. */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { kill } from "node:process";

/** The processes whose command line is this one; a test looks only for what names its own folder. */
export async function processesOf(...words: readonly string[]): Promise<number[]> {
  const pids = (await readdir("/proc")).filter((name) => /^\d+$/.test(name)).map(Number);
  const found: number[] = [];
  for (const pid of pids) {
    const line = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    if (line === `${words.join("\0")}\0`) found.push(pid);
  }
  return found;
}

/** A process and all that descend from it. */
async function treeOf(pid: number): Promise<number[]> {
  const parents = new Map<number, number>();
  for (const name of await readdir("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    const stat = await readFile(`/proc/${name}/stat`, "utf8").catch(() => "");
    const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
    parents.set(Number(name), parent);
  }
  const tree = [pid];
  for (const member of tree) {
    for (const [child, parent] of parents) if (parent === member) tree.push(child);
  }
  return tree;
}

/** Pauses a process and its descendants (SIGSTOP) until the pause is disposed of. */
export async function paused(pid: number): Promise<Disposable> {
  const tree = await treeOf(pid);
  for (const each of tree) signal(each, "SIGSTOP");
  return {
    [Symbol.dispose]: () => {
      for (const each of tree.toReversed()) signal(each, "SIGCONT");
    },
  };
}

/** A member may have ended meanwhile. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}

/**
 * Ends a daemon in order, and then what is left of its processes, as systemd does: Dovecot's serve a connection that
 * is in use for another 10 seconds.
 */
export async function ended(pid: number): Promise<void> {
  const tree = await treeOf(pid);
  signal(pid, "SIGTERM");
  const deadline = performance.now() + 20_000;
  while ((await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "")) !== "") {
    if (performance.now() > deadline) throw new Error(`process ${pid} does not end`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  for (const member of tree) signal(member, "SIGKILL");
}

/** Runs a daemon in the foreground for as long as this process lives, or until it is disposed of. */
export function runDaemon(...words: readonly string[]): AsyncDisposable {
  const guard = `"$@" </dev/null & daemon=$!; cat >/dev/null; kill $daemon; wait $daemon`;
  const shell = spawn("sh", ["-c", guard, "guard", ...words], {
    stdio: ["pipe", "ignore", "ignore"],
    detached: true,
  });
  const gone = once(shell, "close");
  return {
    [Symbol.asyncDispose]: async () => {
      shell.stdin.end();
      await gone;
    },
  };
}
