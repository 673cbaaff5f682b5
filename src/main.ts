/** Starts the gateway and stops it well: SIGTERM and SIGINT end it in order, a second one at once. */
import process from "node:process";
import { compose, type Addresses, type Gateway, type Overrides } from "./compose.ts";
import type { Config } from "./config.ts";

const signals = ["SIGTERM", "SIGINT"] as const;

/** What a shell makes of a process that a second signal ended. */
const interrupted = 130;

/** Runs the gateway until a signal ends it; resolves when everything has ended. Throws what cannot be started. */
export async function runGateway(
  config: Config,
  options: Overrides & { readonly onListening?: (addresses: Addresses) => void } = {},
): Promise<void> {
  const asked = askedToEnd();
  await using gateway = await compose(config, options);
  if (asked.now()) return;
  const addresses = await gateway.listen().catch((error: unknown) => {
    throw withAdvice(error, config);
  });
  options.onListening?.(addresses);
  await asked.promise;
  await stopOrLeave(gateway);
}

/** What an operator can do about a port that cannot be opened, by the code of the error. */
const advice: Readonly<Record<string, string>> = {
  EADDRINUSE: "another program has it: end that one, or choose another port",
  EACCES:
    "this user may not open it: choose a port above 1023, or give the service CAP_NET_BIND_SERVICE",
  EADDRNOTAVAIL: "this machine does not have that address: choose another host",
};

function withAdvice(error: unknown, { listen, metrics }: Config): unknown {
  if (!(error instanceof Error) || !("code" in error) || !("port" in error)) return error;
  const right = advice[String(error.code)];
  if (right === undefined) return error;
  const [table, { host, port }] =
    error.port === listen.port ? (["listen", listen] as const) : (["metrics", metrics] as const);
  return new Error(`[${table}] ${host}:${port} cannot be opened: ${right}`, { cause: error });
}

/** The first signal; those before the servers listen count too. */
function askedToEnd(): { readonly promise: Promise<void>; readonly now: () => boolean } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const state = { asked: false };
  for (const signal of signals) {
    process.once(signal, () => {
      state.asked = true;
      resolve();
    });
  }
  return { promise, now: () => state.asked };
}

function leave(): never {
  process.exit(interrupted);
}

async function stopOrLeave(gateway: Gateway): Promise<void> {
  for (const signal of signals) process.once(signal, leave);
  await gateway.stop();
  for (const signal of signals) process.removeListener(signal, leave);
}
