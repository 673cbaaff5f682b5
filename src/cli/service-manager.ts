/**
 * What systemd is told of this process, by systemd's own tool: Node has no datagram sockets of Unix. Wants
 * NotifyAccess=all in the unit, as the tool is another process.
 */
import { spawn } from "node:child_process";
import type { Environment } from "../config/read.ts";
import type { Clock, Timer } from "../kit/clock.ts";
import type { Log } from "../kit/log.ts";

/** Whoever started us and waits for word. Disposing of it ends the signs of life. */
export interface ServiceManager extends Disposable {
  /** The service answers; from now on there are signs of life, where they are wanted. */
  ready(): void;
}

const nobody: ServiceManager = { ready() {}, [Symbol.dispose]() {} };

/** Half of the time after which systemd takes the service for dead (sd_watchdog_enabled(3)). */
function intervalMs(env: Environment): number | undefined {
  const wanted = Number(env["WATCHDOG_USEC"]);
  return wanted > 0 ? wanted / 1_000 / 2 : undefined;
}

/** The service manager that the environment names (NOTIFY_SOCKET), or one that wants to know nothing. */
export function serviceManager(env: Environment, clock: Clock, log: Log): ServiceManager {
  if (!env["NOTIFY_SOCKET"]) return nobody;
  const everyMs = intervalMs(env);
  let timer: Timer | undefined;
  const tell = (state: string): void => {
    const child = spawn("systemd-notify", [state], { env, stdio: "ignore" });
    child.once("error", (error) => {
      log.warn({ err: error }, "systemd cannot be told: is systemd-notify installed?");
    });
  };
  // Comes from the event loop: a process that hangs gives no sign, and is started anew.
  const sign = (delayMs: number): void => {
    timer = clock.after(delayMs, () => {
      tell("WATCHDOG=1");
      sign(delayMs);
    });
  };
  return {
    ready() {
      tell("--ready");
      if (everyMs !== undefined) sign(everyMs);
    },
    [Symbol.dispose]: () => timer?.cancel(),
  };
}
