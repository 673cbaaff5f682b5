/** Runs Dovecot and Postfix of one folder as long as this process lives, however it ends. */
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { connect, Socket } from "node:net";
import { env } from "node:process";

/**
 * Both daemons in the foreground under one shell that reads a pipe: when the pipe closes, because the rig is
 * disposed of or because this process died, it stops them and removes the folder.
 */
const guard = `
dovecot -F -c "$1/dovecot.conf" </dev/null &
dovecot=$!
/usr/lib/postfix/sbin/master -s -c "$1/postfix/etc" </dev/null &
postfix=$!
cat >/dev/null
kill $dovecot $postfix 2>/dev/null
wait $dovecot $postfix
rm -rf "$1"
`;

const readyWithinMs = 15_000;
const pauseMs = 20;

/** Starts the daemons and waits until every port answers; disposing stops them and removes the folder. */
export async function startDaemons(
  folder: string,
  ports: readonly number[],
  environment: Readonly<Record<string, string>> = {},
): Promise<AsyncDisposable> {
  const shell = spawn("sh", ["-c", guard, "rig", folder], {
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
    await dispose();
    const said = Buffer.concat(messages).toString();
    throw new Error(`the mail servers of ${folder} did not start: ${said}`, { cause: error });
  }
  letGo(shell);
  return { [Symbol.asyncDispose]: dispose };
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
