/**
 * The last verb of a mail (MS-ASEMAIL 2.2.2.44): a device must be told of it when another one answered, also a second
 * time. So the version of a mail in its feed has a stamp of the verb beside the flags.
 */
import type { FeedItem } from "../feed.ts";
import { withVerbStamp } from "../items/email/version.ts";
import type { Address, MailItem } from "../items/email/message.ts";
import type { SmartKind } from "../items/email/original.ts";
import type { VerbRow } from "../store/verbs.ts";

/** The items with versions that tell their verbs apart. */
export function stamped(
  items: readonly FeedItem[],
  verbs: readonly VerbRow[],
): readonly FeedItem[] {
  if (verbs.length === 0) return items;
  const rows = new Map(verbs.map((row) => [row.number, row]));
  return items.map((item) => {
    const row = rows.get(item.number);
    return row === undefined ? item : { ...item, version: withVerbStamp(item.version, row) };
  });
}

/** What was done: an answer to more than the one who wrote is one to all. */
export function verbOf(
  kind: SmartKind,
  { envelope }: MailItem,
  { recipients, own }: { readonly recipients: readonly string[]; readonly own: readonly string[] },
): VerbRow["verb"] {
  if (kind === "forward") return 3;
  const others = namesOf([...envelope.to, ...envelope.cc]);
  const sender = [...envelope.from, ...envelope.replyTo];
  for (const address of [...own, ...sender.map((each) => each.address)]) {
    others.delete(address.toLowerCase());
  }
  return recipients.some((address) => others.has(address.toLowerCase())) ? 2 : 1;
}

function namesOf(addresses: readonly Address[]): Set<string> {
  return new Set(addresses.map(({ address }) => address.toLowerCase()));
}

/** The flag that mail servers keep of a verb. */
export function flagOf(verb: VerbRow["verb"]): "answered" | "forwarded" {
  return verb === 3 ? "forwarded" : "answered";
}
