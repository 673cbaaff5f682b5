/** `eastgate trace`: what one device and the gateway say to each other, as it happens. */
import process from "node:process";
import type { ListedDevice } from "../devices/devices.ts";
import type { TraceEnd } from "../devices/follow-trace.ts";
import { systemClock } from "../kit/clock.ts";
import { accountOf } from "./device-text.ts";
import { stderrLog } from "./stderr-log.ts";
import {
  configHelp,
  configOf,
  configOptions,
  parse,
  refuseMore,
  UsageError,
  type Subcommand,
} from "./subcommand.ts";

const defaultMinutes = 10;

/** Prints the requests and answers of a device for some minutes. */
export const trace: Subcommand = {
  summary: "watch what a device and the gateway say to each other",
  help: `Usage: eastgate trace DEVICE [--minutes N] [--content]

Prints each request of a device and each answer as XML, as they come, until N minutes are over (${defaultMinutes}) or Ctrl-C.
Of subjects, addresses, bodies, passwords and the like only the length is shown, unless --content is given. That a
trace was started is written into the history of the device. Other devices are not traced. A request that was held
before the trace began shows with its answer alone.
DEVICE is a device id as "eastgate device list" prints it, or the row id that "device show" gives where several
accounts have the device. The exit code is 1 when there is no such device.

  --minutes N         how long
  --content           with contents: mails of the user become readable
${configHelp}`,
  async run(args, { env, out }) {
    const { values, positionals } = parse(args, {
      ...configOptions,
      minutes: { type: "string" },
      content: { type: "boolean" },
    });
    const [name] = positionals;
    if (name === undefined) throw new UsageError(`"trace" wants a device id`);
    refuseMore(positionals, 1);
    const { openStore, ...tools } = await load();
    const minutes = minutesOf(values.minutes, tools.maxTraceMinutes);
    await using store = await openStore(configOf(values, env), stderrLog);
    const { database } = store;
    const options = { database, clock: systemClock, requiresPolicy: () => false };
    const found = await new tools.Devices(options).show(name);
    const device = theOne(
      name,
      found.map((shown) => shown.device),
      out,
    );
    if (device === undefined) return 1;
    const content = values.content === true;
    using asked = askedToEnd();
    const wanted = { device, minutes, content, signal: asked.signal };
    const entries = await tools.followTrace(database, systemClock, wanted);
    out(`Traces ${device.deviceId} of ${accountOf(device)} for ${minutes} min; Ctrl-C ends it.\n`);
    return await print(entries, out);
  },
};

/** Only who traces waits until all of it is loaded. */
async function load() {
  const [{ openStore }, { Devices }, { followTrace }, { maxTraceMinutes }] = await Promise.all([
    import("../compose.ts"),
    import("../devices/devices.ts"),
    import("../devices/follow-trace.ts"),
    import("../devices/limits.ts"),
  ]);
  return { openStore, Devices, followTrace, maxTraceMinutes };
}

function minutesOf(told: string | undefined, most: number): number {
  const minutes = told === undefined ? defaultMinutes : Number(told);
  if (Number.isInteger(minutes) && minutes >= 1 && minutes <= most) return minutes;
  throw new UsageError(`--minutes ${told}: give a whole number from 1 to ${most}`);
}

/** The device that is meant; undefined (and said why) when there is none, or more than one. */
function theOne(
  name: string,
  found: readonly ListedDevice[],
  out: (line: string) => void,
): ListedDevice | undefined {
  if (found.length === 0) {
    out(`There is no device "${name}"; "eastgate device list" tells which there are.`);
  }
  if (found.length > 1) {
    const rows = found.map((device) => `  ${device.id}  ${accountOf(device)}`).join("\n");
    out(`Several accounts have the device "${name}"; name one by its row id:\n${rows}`);
  }
  return found.length === 1 ? found[0] : undefined;
}

/** The first SIGINT or SIGTERM, so that the trace is switched off in order. */
function askedToEnd(): { readonly signal: AbortSignal } & Disposable {
  const asked = new AbortController();
  const end = (): void => asked.abort();
  const signals = ["SIGINT", "SIGTERM"] as const;
  for (const signal of signals) process.once(signal, end);
  return {
    signal: asked.signal,
    [Symbol.dispose]: () => {
      for (const signal of signals) process.removeListener(signal, end);
    },
  };
}

async function print(
  entries: AsyncGenerator<string, TraceEnd>,
  out: (line: string) => void,
): Promise<number> {
  for (;;) {
    const { value, done } = await entries.next();
    if (done === true) {
      const leftOut = value.leftOut === 0 ? "" : ` ${value.leftOut} entries found no room.`;
      out(`The trace has ended: ${value.reason}.${leftOut}`);
      return 0;
    }
    out(value);
  }
}
