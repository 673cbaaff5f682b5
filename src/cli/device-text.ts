/** How devices are printed. */
import type { DeviceIssues, ListedDevice, ShownDevice } from "../devices/devices.ts";
import { describeLoop } from "../devices/loops.ts";

/** The account of a device as an address. */
export function accountOf({ login, domain }: Pick<ListedDevice, "login" | "domain">): string {
  return login.includes("@") ? login : `${login}@${domain}`;
}

/** Any value as JSON for people. */
export function asJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_, inner) => (typeof inner === "bigint" ? String(inner) : inner),
    2,
  );
}

/** A line for each device. */
export function listText(devices: readonly ListedDevice[]): string {
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

/** All that is known of a device. */
export function deviceText({ device: known, skipped, events }: ShownDevice): string {
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

/** What goes wrong with devices, or that nothing does. */
export function issuesText(found: readonly DeviceIssues[]): string {
  const rows = found.flatMap(({ device, loops, skipped }) => [
    ...loops.map(({ kind, status, count, lastAt }) => {
      const got = status === null ? "" : ` (got ${status})`;
      return [
        accountOf(device),
        device.deviceId,
        lastAt,
        `${describeLoop(kind)}${got}, ${count} times`,
      ];
    }),
    ...skipped.map(({ collectionId, number, reason, at }) => {
      return [
        accountOf(device),
        device.deviceId,
        at,
        `left out ${collectionId}:${number}: ${reason}`,
      ];
    }),
  ]);
  if (rows.length === 0) return "Nothing is known to go wrong.";
  const head = ["ACCOUNT", "DEVICE", "LAST", "WHAT"];
  return columns([head, ...rows.map((row) => row.map(shownValue))]);
}
