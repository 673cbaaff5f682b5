/** Empties a folder in a few commands, however much is in it. */
import { expungeMarked } from "./actions.ts";
import type { Argument, ImapConnection } from "./connection.ts";
import { formatRange, searchedOf } from "./tokens.ts";

/**
 * Deletes for good all items of the selected folder below `next`, which no item has that arrives later. Returns
 * how many are left: a server that lets nobody delete may also say nothing.
 */
export async function removeAll(connection: ImapConnection, next: number): Promise<number> {
  if (next <= 1) return 0;
  const all = { type: "SEQUENCE", value: formatRange({ low: 1, high: next - 1 }) } as const;
  await connection.exec("UID STORE", [all, atom("+FLAGS.SILENT"), [atom("\\Deleted")]]);
  if (connection.has("UIDPLUS")) await connection.exec("UID EXPUNGE", [all]);
  else await expungeMarked(connection, (number) => number < next);
  let left = 0;
  await connection.exec("UID SEARCH", [atom("UID"), all], {
    SEARCH: (untagged) => void (left += searchedOf(untagged).length),
  });
  return left;
}

function atom(value: string): Argument {
  return { type: "ATOM", value };
}
