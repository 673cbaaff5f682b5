/** `eastgate device`: the devices that were ever here. */
import type { ListedDevice, ShownDevice } from "../devices/devices.ts";
import { systemClock } from "../kit/clock.ts";
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
  summary: "list devices, show one",
  help: `Usage: eastgate device list [--json]
       eastgate device show DEVICE [--json]

list prints a line for each device: the account, the device id, what it is, and when it was last here.
show prints all that is known of a device, which items were left out because of a fault, and what happened to it.
DEVICE is a device id as list prints it. The exit code is 1 when there is no such device.

  --json              print JSON
${configHelp}`,
  async run(args, { env, out }) {
    const { values, positionals } = parse(args, { ...configOptions, json: { type: "boolean" } });
    const [action, name] = positionals;
    if (action !== "list" && (action !== "show" || name === undefined)) {
      throw new UsageError(`"device" wants "list" or "show DEVICE"`);
    }
    refuseMore(positionals, action === "list" ? 1 : 2);
    const [{ openStore }, { Devices }] = await Promise.all([
      import("../compose.ts"),
      import("../devices/devices.ts"),
    ]);
    await using store = await openStore(configOf(values, env), stderrLog);
    const { database } = store;
    const devices = new Devices({ database, clock: systemClock, requiresPolicy: () => false });
    const json = values.json === true;
    if (name === undefined) return list(await devices.list(), json, out);
    return show(name, await devices.show(name), json, out);
  },
};

type Out = (line: string) => void;

function list(devices: readonly ListedDevice[], json: boolean, out: Out): number {
  out(json ? asJson(devices) : listText(devices));
  return 0;
}

function show(name: string, shown: readonly ShownDevice[], json: boolean, out: Out): number {
  const nobody = `There is no device "${name}"; "eastgate device list" tells which there are.`;
  if (json) out(asJson(shown));
  else out(shown.length === 0 ? nobody : shown.map(deviceText).join("\n\n"));
  return shown.length === 0 ? 1 : 0;
}

function asJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, inner) => (typeof inner === "bigint" ? String(inner) : inner),
    2,
  );
}

function accountOf({ login, domain }: ListedDevice): string {
  return login.includes("@") ? login : `${login}@${domain}`;
}

function listText(devices: readonly ListedDevice[]): string {
  if (devices.length === 0) return "No device has been here yet.";
  const head = ["ACCOUNT", "DEVICE", "TYPE", "VERSION", "ACCESS", "LAST SEEN"];
  const rows = devices.map((each) => [
    accountOf(each),
    each.deviceId,
    each.model ?? each.deviceType,
    each.protocolVersion,
    each.access,
    each.lastSeen.toISOString(),
  ]);
  return columns([head, ...rows]);
}

function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row
      .map((cell, column) => cell.padEnd(widths?.[column] ?? 0))
      .join("  ")
      .trimEnd();
  return rows.map(line).join("\n");
}

function deviceText({ device: known, skipped, events }: ShownDevice): string {
  const facts = Object.entries(known).filter(([, value]) => value !== null && value !== "");
  const lines = facts.map(([name, value]) => [name, shownValue(value)]);
  return [
    `${accountOf(known)} ${known.deviceId}`,
    columns(lines),
    skipped.length === 0 ? "No item was left out." : `Left out: ${asJson(skipped)}`,
    ...events.map(
      ({ at, event, details }) => `${at.toISOString()} ${event} ${JSON.stringify(details)}`,
    ),
  ].join("\n");
}

function shownValue(value: unknown): string {
  return value instanceof Date ? value.toISOString() : String(value);
}
