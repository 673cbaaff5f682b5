/** Which epoch a device's item numbers belong to. */
import type { Context } from "./context.ts";

/** The epoch of the device's last Sync of a collection; undefined where it was told no numbers yet. */
export async function deviceEpoch(
  collectionId: string,
  { account, device, sync }: Context,
): Promise<string | undefined> {
  const head = await sync.peek({ accountId: account.id, deviceId: device.id }, collectionId);
  return toldEpoch(head);
}

/** The epoch of a state; undefined before the first numbers. */
export function toldEpoch(head: { readonly epoch: string } | undefined): string | undefined {
  return head?.epoch === "" ? undefined : head?.epoch;
}
