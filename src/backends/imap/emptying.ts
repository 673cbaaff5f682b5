/** Empties a folder in a few commands, however much is in it. */
import { expungeMarked } from "./actions.ts";
import type { NumberRange } from "../../feed.ts";
import type { ImapConnection } from "./connection.ts";
import { emptiedAtOnce } from "./limits.ts";
import { atom, formatRange, searchedOf } from "./tokens.ts";

/**
 * Deletes for good all items of the selected folder below `next`, which no item has that arrives later; some at a
 * time, so that no command lasts long and a repeat goes on where this one broke off. Returns how many are left: a
 * server that lets nobody delete may also say nothing.
 */
export async function removeAll(connection: ImapConnection, next: number): Promise<number> {
  if (next <= 1) return 0;
  const uids = await uidsBelow(connection, next);
  for (let at = 0; at < uids.length; at += emptiedAtOnce) {
    const slice = uids.slice(at, at + emptiedAtOnce);
    await removeRange(connection, { low: slice[0]!, high: slice.at(-1)! });
  }
  return (await uidsBelow(connection, next)).length;
}

async function removeRange(connection: ImapConnection, range: NumberRange): Promise<void> {
  const all = { type: "SEQUENCE", value: formatRange(range) } as const;
  await connection.exec("UID STORE", [all, atom("+FLAGS.SILENT"), [atom("\\Deleted")]]);
  if (connection.has("UIDPLUS")) await connection.exec("UID EXPUNGE", [all]);
  else await expungeMarked(connection, (uid) => uid >= range.low && uid <= range.high);
}

/** In ascending order. */
async function uidsBelow(connection: ImapConnection, next: number): Promise<readonly number[]> {
  const all = { type: "SEQUENCE", value: formatRange({ low: 1, high: next - 1 }) } as const;
  const found: (readonly number[])[] = [];
  await connection.exec("UID SEARCH", [atom("UID"), all], {
    SEARCH: (untagged) => void found.push(searchedOf(untagged)),
  });
  return found.flat().toSorted((one, other) => one - other);
}
