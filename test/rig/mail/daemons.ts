/** Runs the servers of one folder as long as this process lives, however it ends. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile } from "node:fs/promises";
import { connect, Socket } from "node:net";
import { join } from "node:path";
import { env } from "node:process";

/**
 * All daemons in the foreground under one shell that reads a pipe: when the pipe closes, because the rig is
 * disposed of or because this process died, it stops them and removes the folder. Cyrus' master ends with its
 * whole process group, so the shell has to outlive a signal.
 */
const guard = `
folder=$1
shift
daemons=
for command; do
  $command </dev/null &
  daemons="$daemons $!"
done
trap : TERM
cat >/dev/null
kill $daemons 2>/dev/null
for daemon in $daemons; do
  while kill -0 $daemon 2>/dev/null; do wait $daemon; done
done
rm -rf "$folder"
`;

const readyWithinMs = 15_000;
const pauseMs = 20;

/** What is to run. */
export interface Daemons {
  /** Removed at the end. */
  readonly folder: string;
  /** Command lines without quotes; each stays in the foreground. */
  readonly commands: readonly string[];
  /** Where they answer. */
  readonly ports: readonly number[];
  readonly environment?: Readonly<Record<string, string>>;
}

/** Starts the daemons and waits until every port answers; disposing stops them and removes the folder. */
export async function startDaemons(daemons: Daemons): Promise<AsyncDisposable> {
  const { folder, commands, ports, environment = {} } = daemons;
  const shell = spawn("sh", ["-c", guard, "rig", folder, ...commands], {
    stdio: ["pipe", "ignore", "pipe"],
    // A Ctrl-C is for the tests; the guard sees their end by its pipe.
    detached: true,
    env: { ...env, ...environment },
  });
  const messages: Buffer[] = [];
  shell.stderr.on("data", (chunk: Buffer) => messages.push(chunk));
  const ended = once(shell, "exit");
  const dispose = async (): Promise<void> => {
    shell.ref();
    shell.stdin.end();
    await ended;
  };
  try {
    const deadline = performance.now() + readyWithinMs;
    for (const port of ports) await untilItAnswers(port, deadline);
  } catch (error) {
    const logs = await logsOf(folder);
    await dispose();
    const said = Buffer.concat([...messages, ...logs]).toString();
    throw new Error(`the mail servers of ${folder} did not start: ${said}`, { cause: error });
  }
  letGo(shell);
  return { [Symbol.asyncDispose]: dispose };
}

async function logsOf(folder: string): Promise<Buffer[]> {
  const names = await readdir(join(folder, "log")).catch(() => []);
  return await Promise.all(names.map((name) => readFile(join(folder, "log", name))));
}

/** Servers that nobody disposes of must not keep a finished test file alive. */
function letGo(shell: ChildProcess): void {
  shell.unref();
  for (const pipe of [shell.stdin, shell.stderr]) if (pipe instanceof Socket) pipe.unref();
}

async function untilItAnswers(port: number, deadline: number): Promise<void> {
  for (;;) {
    const socket = connect(port, "127.0.0.1");
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.once("connect", () => resolve(true));
      socket.once("error", () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    if (performance.now() > deadline) throw new Error(`port ${port} does not answer`);
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
