/** The bare loop in a process of its own, as the gateway has one: the heap and the compiled code of the benchmark are not its. */
import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { bareFirstSync, type BareLogin } from "./bare-imap.ts";

/** A process that runs the loop whenever it is asked to. */
export interface BareLoop extends AsyncDisposable {
  /** Mails a second of one run. */
  run(login: BareLogin): Promise<number>;
}

/** Starts the process. */
export function startBareLoop(): BareLoop {
  const child = fork(fileURLToPath(import.meta.url));
  const ended = once(child, "exit");
  return {
    run: async (login) => {
      const answered = once(child, "message");
      child.send(login);
      const failed = ended.then(() => {
        throw new Error("the bare loop ended before it answered");
      });
      const [mailsPerSecond] = await Promise.race([answered, failed]);
      return Number(mailsPerSecond);
    },
    [Symbol.asyncDispose]: async () => {
      child.disconnect();
      await ended;
    },
  };
}

// The child: a fault ends it, and with it the benchmark.
if (import.meta.main) {
  process.on("message", (login: BareLogin) => {
    void bareFirstSync(login).then((mailsPerSecond) => process.send?.(mailsPerSecond));
  });
}
