/** Devices that have no business here: old passwords, guessed ones, loops. */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { EasClient } from "../../client/client.ts";
import type { Phone } from "../../client/phone.ts";

/** What a storm was answered, by HTTP status. */
export type Tally = Map<number, number>;

/** How the requests of a storm come. */
export interface Storm {
  readonly url: string;
  readonly seconds: number;
  readonly tally: Tally;
}

/** So many guests at once, each of which goes on until the time is over. */
export async function storm(
  { seconds, tally }: Storm,
  guests: number,
  visit: (guest: number, round: number) => Promise<number>,
): Promise<void> {
  const ends = performance.now() + seconds * 1000;
  const stay = async (guest: number): Promise<void> => {
    for (let round = 0; performance.now() < ends; round++) {
      const status = await visit(guest, round);
      tally.set(status, (tally.get(status) ?? 0) + 1);
    }
  };
  await Promise.all(Array.from({ length: guests }, (_, guest) => stay(guest)));
}

/** A phone that repeats an old password, as phones do for weeks. */
export function oldPassword(
  where: Storm,
  users: readonly string[],
  addressOf: (guest: number) => string,
): (guest: number) => Promise<number> {
  const clients = new Map<number, EasClient>();
  return async (guest) => {
    const user = users[guest % users.length] ?? "";
    const client = clients.get(guest) ?? clientOf(where.url, user, `old ${guest % 3}`);
    clients.set(guest, client);
    const status = await folderSync(client, addressOf(guest));
    await sleep(1_000);
    return status;
  };
}

/** Somebody who tries another password each time, each time as a new device. */
export function guess(
  where: Storm,
  users: readonly string[],
  addressOf: (guest: number, round: number) => string,
): (guest: number, round: number) => Promise<number> {
  return async (guest, round) => {
    const user = users[(guest + round) % users.length] ?? "";
    using client = clientOf(where.url, user, randomBytes(6).toString("hex"));
    return await folderSync(client, addressOf(guest, round));
  };
}

/** A device that asks again the moment it is answered. */
export function loop(
  phones: readonly Phone[],
  ask: (phone: Phone) => Promise<number>,
  pauseMs = 0,
): (guest: number) => Promise<number> {
  return async (guest) => {
    const phone = phones[guest % phones.length];
    if (phone === undefined) throw new Error("there is no device to loop");
    const status = await ask(phone);
    if (pauseMs > 0) await sleep(pauseMs);
    return status;
  };
}

function clientOf(url: string, user: string, password: string): EasClient {
  return new EasClient({ url, user, password, version: "16.1" });
}

/** Phones wait for about a minute; 0: this one gave up. */
const patienceMs = 60_000;

async function folderSync(client: EasClient, address: string): Promise<number> {
  const headers = { "X-Forwarded-For": address };
  const signal = AbortSignal.timeout(patienceMs);
  try {
    return (await client.send("FolderSync", { SyncKey: "0" }, { headers, signal })).httpStatus;
  } catch (error) {
    if (signal.aborted) return 0;
    throw error;
  }
}

/** "401: 300, 503: 20" */
export function told(tally: Tally): string {
  return [...tally].map(([status, count]) => `${status}: ${count}`).join(", ");
}
