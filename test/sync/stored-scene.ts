/** Rows in a real PostgreSQL for tests of `sync/`. */
import { addDevice } from "../../src/store/devices.ts";
import { putAccount } from "../../src/store/accounts.ts";
import type { Sql } from "../../src/store/sql.ts";
import type { Partnership } from "../../src/sync/types.ts";

const noon = new Date("2026-11-01T12:00:00Z");

/** An account of its own with so many devices. */
export async function addPartnerships(
  sql: Sql,
  login: string,
  deviceCount: number,
): Promise<Partnership[]> {
  const name = { domain: "example.org", login, email: `${login}@example.org` };
  const account = await putAccount(sql, name, noon);
  const partnerships: Partnership[] = [];
  for (let index = 1; index <= deviceCount; index += 1) {
    const identity = {
      deviceId: `DEVICE${index}`,
      deviceType: "iPhone",
      userAgent: "",
      protocolVersion: "14.1",
      address: "127.0.0.1",
      transient: false,
    };
    const device = await addDevice(sql, account.id, identity, noon);
    if (device === undefined) throw new Error(`device ${index} of ${login} exists`);
    partnerships.push({ accountId: account.id, deviceId: device.id });
  }
  return partnerships;
}
