/** Starts the gateway and stops it well: SIGTERM and SIGINT end it in order, a second one at once. */
import process from "node:process";
import { compose, type Addresses, type Overrides } from "./compose.ts";
import type { Config } from "./config.ts";

const signals = ["SIGTERM", "SIGINT"] as const;

/** What a shell makes of a process that a second signal ended. */
const interrupted = 130;

/** Runs the gateway until a signal ends it; resolves when everything has ended. Throws what cannot be started. */
export async function runGateway(
  config: Config,
  options: Overrides & {
    readonly onListening?: (addresses: Addresses) => void;
    /** Resolves when whoever started this process wants it to end. */
    readonly until?: Promise<void>;
  } = {},
): Promise<void> {
  const asked = askedToEnd(options.until);
  await using gateway = await compose(config, options);
  if (asked.now()) return;
  const addresses = await gateway.listen().catch((error: unknown) => {
    throw withAdvice(error, config);
  });
  options.onListening?.(addresses);
  await asked.promise;
  await stopOrLeave(() => gateway.stop());
}

/** What an operator can do about a port that cannot be opened, by the code of the error. */
const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program has it: end that one, or choose another port",
  EACCES:
    "this user may not open it: choose a port above 1023, or give the service CAP_NET_BIND_SERVICE",
  EADDRNOTAVAIL: "this machine does not have that address: choose another host",
};

/** The error to tell for one that opening the ports met: it names the setting and what to do. */
export function withAdvice(error: unknown, { listen, metrics }: Config): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("port" in error)) return error;
  const right = advice[String(error.code)];
  if (right === undefined) return error;
  const [table, { host, port }] =
    error.port === listen.port ? (["listen", listen] as const) : (["metrics", metrics] as const);
  return new Error(`[${table}] ${host}:${port} cannot be opened: ${right}`, { cause: error });
}

/** The first signal, or `until`; those before the servers listen count too. */
export function askedToEnd(until?: Promise<void>): {
  readonly promise: Promise<void>;
  readonly now: () => boolean;
} {
  const { promise, resolve } = Promise.withResolvers<void>();
  const state = { asked: false };
  const end = (): void => {
    state.asked = true;
    resolve();
  };
  for (const signal of signals) {
    process.once(signal, end);
  }
  void until?.then(end);
  return { promise, now: () => state.asked };
}

function leave(): never {
  process.exit(interrupted);
}

/** Ends in order; a further signal ends at once. */
export async function stopOrLeave(stop: () => Promise<void>): Promise<void> {
  for (const signal of signals) process.once(signal, leave);
  await stop();
  for (const signal of signals) process.removeListener(signal, leave);
}
