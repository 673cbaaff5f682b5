/** `eastgate device`: the devices that were ever here. */
import type { Devices } from "../devices/devices.ts";
import type { Recovery } from "../devices/recovery.ts";
import { systemClock } from "../kit/clock.ts";
import { accountOf, asJson, deviceText, issuesText, listText } from "./device-text.ts";
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

/** Lists all devices, or shows all that is known of one. */
export const device: Subcommand = {
  summary: "list devices, show one, tell what goes wrong or opens it",
  help: `Usage: eastgate device list [--json]
       eastgate device show DEVICE [--json]
       eastgate device issues [DEVICE] [--json]
       eastgate device recovery-password DEVICE

list prints a line for each device: the account, the device id, what it is, and when it was last here.
show prints all that is known of a device, which items were left out because of a fault, and what happened to it.
issues prints what goes wrong, with one device or with any: mails that could not be shown and were left out, and
devices that go round in circles (the same failure, or the same question, over and over).
recovery-password prints the password by which a locked device opens, where the device gave one; that it was shown is
written into the device's history. It takes the encryption_key of the configuration.
DEVICE is a device id as list prints it. The exit code is 1 when there is no such device.

  --json              print JSON
${configHelp}`,
  async run(args, { env, out }) {
    const { values, positionals } = parse(args, { ...configOptions, json: { type: "boolean" } });
    const [action = "", name] = positionals;
    const wanted = actions[action];
    if (wanted === undefined || (wanted.needsName && name === undefined)) {
      throw new UsageError(
        `"device" wants "list", "show DEVICE", "issues" or "recovery-password DEVICE"`,
      );
    }
    refuseMore(positionals, wanted.takesName ? 2 : 1);
    const [{ openStore }, { Devices: All }, { Recovery: Passwords }] = await Promise.all([
      import("../compose.ts"),
      import("../devices/devices.ts"),
      import("../devices/recovery.ts"),
    ]);
    const config = configOf(values, env);
    await using store = await openStore(config, stderrLog);
    const base = { database: store.database, clock: systemClock };
    const devices = new All({ ...base, requiresPolicy: () => false });
    const recovery = new Passwords({ ...base, key: config.encryptionKey });
    const json = values.json === true;
    return await wanted.run({ devices, recovery, name, json, out });
  },
};

/** What an action works with. */
interface Work {
  readonly devices: Devices;
  readonly recovery: Recovery;
  readonly name: string | undefined;
  readonly json: boolean;
  readonly out: (line: string) => void;
}

interface Action {
  readonly takesName: boolean;
  readonly needsName: boolean;
  run(work: Work): Promise<number>;
}

const actions: Readonly<Partial<Record<string, Action>>> = {
  list: { takesName: false, needsName: false, run: list },
  show: { takesName: true, needsName: true, run: show },
  issues: { takesName: true, needsName: false, run: issues },
  "recovery-password": { takesName: true, needsName: true, run: recoveryPassword },
};

async function list({ devices, json, out }: Work): Promise<number> {
  const listed = await devices.list();
  out(json ? asJson(listed) : listText(listed));
  return 0;
}

async function show({ devices, name = "", json, out }: Work): Promise<number> {
  const shown = await devices.show(name);
  if (json) out(asJson(shown));
  else out(shown.length === 0 ? nobody(name) : shown.map(deviceText).join("\n\n"));
  return shown.length === 0 ? 1 : 0;
}

async function issues({ devices, name, json, out }: Work): Promise<number> {
  const found = await devices.issues(name);
  const isMissing = name !== undefined && found.length === 0;
  if (json) out(asJson(found));
  else out(isMissing ? nobody(name) : issuesText(found));
  return isMissing ? 1 : 0;
}

async function recoveryPassword({ devices, recovery, name = "", out }: Work): Promise<number> {
  const shown = await devices.show(name);
  if (shown.length === 0) out(nobody(name));
  let found = 0;
  for (const { device: each } of shown) {
    const password = await recovery.show(each);
    if (password !== undefined) found++;
    out(`${accountOf(each)} ${each.deviceId}: ${password ?? "none that this key opens"}`);
  }
  return found === 0 ? 1 : 0;
}

function nobody(name: string): string {
  return `There is no device "${name}"; "eastgate device list" tells which there are.`;
}
