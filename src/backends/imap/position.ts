/** Where a folder stands: the only source of marks. */
import type { MailboxObject } from "imapflow";
import { BackendError } from "../../backend.ts";
import type { Position } from "../../feed.ts";
import type { ImapConnection, Parsed } from "./connection.ts";
import { atom, pairsOf, textOf } from "./tokens.ts";

/**
 * One STATUS. The mark is HIGHESTMODSEQ; a server without CONDSTORE, or a folder whose marks the server does not keep
 * (HIGHESTMODSEQ 0, RFC 7162 3.1.7), gets the time of asking, so that every look compares flags. Throws BackendError "no such folder".
 */
export async function readPosition(
  connection: ImapConnection,
  path: string,
  now: number,
): Promise<Position> {
  const condstore = connection.isEnabled("CONDSTORE");
  const items = ["UIDVALIDITY", "UIDNEXT", "MESSAGES", ...(condstore ? ["HIGHESTMODSEQ"] : [])];
  const atoms = items.map(atom);
  let found: ReadonlyMap<string, Parsed> | undefined;
  await connection.exec("STATUS", [connection.pathArgument(path), atoms], {
    STATUS: (untagged) => {
      found = pairsOf(untagged.attributes?.[1]);
    },
  });
  const epoch = textOf(found?.get("UIDVALIDITY"));
  if (found === undefined || epoch === undefined) {
    throw new BackendError("failed", `the server told no UIDVALIDITY of the folder ${path}`);
  }
  const number = (name: string): number => Number(textOf(found?.get(name)) ?? 0);
  const modseq = BigInt(textOf(found.get("HIGHESTMODSEQ")) ?? 0);
  const mark = modseq === 0n ? BigInt(now) : modseq;
  return { epoch, mark, next: number("UIDNEXT"), count: number("MESSAGES") };
}

/** Where a folder stands whose SELECT has just been answered; undefined where that tells no mark. */
export function positionOfView(
  connection: ImapConnection,
  mailbox: MailboxObject,
): Position | undefined {
  const { uidValidity, uidNext: next, exists: count, highestModseq: mark } = mailbox;
  if (!connection.isEnabled("CONDSTORE") || mark === undefined || mark === 0n) return undefined;
  return { epoch: String(uidValidity), mark, next, count };
}

/** Whether nothing happened between the two, where marks are the server's. */
export function isSamePosition(one: Position, other: Position): boolean {
  return (
    one.epoch === other.epoch &&
    one.mark === other.mark &&
    one.next === other.next &&
    one.count === other.count
  );
}
