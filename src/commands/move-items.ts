/** MoveItems (MS-ASCMD 2.2.1.12): mails into other folders, each with a Status of its own; 3 is success. */
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import { commandStatus, commonStatus, StatusError } from "../../schemas/status.ts";
import { BackendError, type BackendFault, type ItemOutcome } from "../backend.ts";
import { itemNumber, itemServerId, type Folder } from "../mailbox/mailbox.ts";
import { hasQuirk } from "../devices/quirks.ts";
import type { Acquired, Head, Partnership } from "../sync/types.ts";
import type { Context } from "./context.ts";
import { toldEpoch } from "./epoch.ts";
import { endsRequest } from "./faults.ts";
import { maxMoves } from "./limits.ts";

const status = commandStatus.MoveItems;

type Move = RequestOf<"MoveItems">["Move"][number];
type Moved = Omit<ResponseOf<"MoveItems">["Response"][number], "SrcMsgId">;

/** A move whose folders are there: which item, from where to where. */
interface Wanted {
  readonly from: string;
  readonly number: number;
  readonly to: string;
}

/** Answers a MoveItems; all items of one pair of folders go in one command of the mail server. */
export async function handleMoveItems(
  request: RequestOf<"MoveItems"> | undefined,
  context: Context,
): Promise<ResponseOf<"MoveItems">> {
  const moves = request?.Move ?? [];
  // MS-ASCMD 2.2.3.117.2, R1966: at least one; 3.1.5.10, R5653: at most 1,000.
  if (moves.length === 0 || moves.length > maxMoves) throw new StatusError(commonStatus.InvalidXML);
  const read = await readAll(moves, context);
  const moved = new Map<string, Moved>();
  for (const pair of pairsOf(read)) {
    for (const [key, answer] of await movePair(pair, context)) moved.set(key, answer);
  }
  const Response = moves.map(({ SrcMsgId }, at) => {
    const wanted = read[at];
    const answer = typeof wanted === "object" ? moved.get(keyOf(wanted)) : undefined;
    return { SrcMsgId, ...(answer ?? { Status: Number(wanted) }) };
  });
  return { Response };
}

function keyOf({ from, number, to }: Wanted): string {
  return `${from}:${number} ${to}`;
}

/** Each move, or the Status that it has without being tried. */
async function readAll(
  moves: readonly Move[],
  { mailbox }: Context,
): Promise<readonly (Wanted | number)[]> {
  const known = new Map<string, Promise<Folder | undefined>>();
  const folder = async (id: string): Promise<Folder | undefined> => {
    const found = known.get(id) ?? mailbox.folder(id);
    known.set(id, found);
    return await found;
  };
  const destinations = new Map<string, string>();
  const read: (Wanted | number)[] = [];
  for (const move of moves) {
    const [to, ...others] = move.DstFldId;
    const first = destinations.get(move.SrcMsgId) ?? to;
    // R4221, R4222: an item goes to one place at a time.
    const isOne = others.length === 0 && first === to;
    if (to !== undefined) destinations.set(move.SrcMsgId, first ?? to);
    const ends = [await folder(move.SrcFldId), await folder(to ?? "")] as const;
    read.push(isOne ? readMove(move, ...ends) : status.Failed);
  }
  return read;
}

function readMove(
  { SrcMsgId, SrcFldId }: Move,
  source: Folder | undefined,
  destination: Folder | undefined,
): Wanted | number {
  const number = itemNumber(SrcFldId, SrcMsgId);
  if (source?.selectable !== true || number === undefined) return status.InvalidSource;
  if (destination?.selectable !== true || destination.class !== source.class) {
    return status.InvalidDestination;
  }
  if (source.collectionId === destination.collectionId) return status.SameFolder;
  return { from: source.collectionId, number, to: destination.collectionId };
}

/** Moves that have both folders in common. */
function pairsOf(read: readonly (Wanted | number)[]): Iterable<readonly Wanted[]> {
  const wanted = read.filter((each) => typeof each === "object");
  return Map.groupBy(wanted, ({ from, to }) => `${from} ${to}`).values();
}

async function movePair(
  pair: readonly Wanted[],
  context: Context,
): Promise<readonly (readonly [string, Moved])[]> {
  const [{ from, to } = { from: "", to: "" }] = pair;
  const numbers = [...new Set(pair.map(({ number }) => number))];
  try {
    const head = await context.sync.peek(partnershipOf(context), from);
    // The device's numbers belong to the epoch of its last Sync.
    const epoch = toldEpoch(head);
    const outcomes = await context.mailbox.move({ from, to, numbers, epoch });
    if (head !== undefined && hasQuirk(context.device, "keepsMovedItems")) {
      await keepMoved(outcomes, { head, to }, context);
    }
    return outcomes.map((each) => [keyOf({ from, to, number: each.number }), movedOf(each, to)]);
  } catch (error) {
    const Status = await statusOf(error, from, context);
    return pair.map((each) => [keyOf(each), { Status }]);
  }
}

function partnershipOf({ account, device }: Context): Partnership {
  return { accountId: account.id, deviceId: device.id };
}

/** The device has what it moved, as it had it where it was. */
async function keepMoved(
  outcomes: readonly ItemOutcome[],
  { head, to }: { readonly head: Head; readonly to: string },
  context: Context,
): Promise<void> {
  const numbers = outcomes.map(({ number }) => number);
  const had = await context.sync.known(head, numbers);
  const items: Acquired[] = [];
  for (const outcome of outcomes) {
    const known = had.get(outcome.number);
    if (outcome.kind !== "done" || outcome.newNumber === undefined || !known) continue;
    items.push({ number: outcome.newNumber, ...known });
  }
  if (items.length > 0) {
    await context.sync.acquired(partnershipOf(context), to, items, context.signal);
  }
}

function movedOf(outcome: ItemOutcome, to: string): Moved {
  if (outcome.kind === "gone") return { Status: status.InvalidSource };
  if (outcome.kind !== "done") return { Status: status.Failed };
  const { newNumber } = outcome;
  if (newNumber === undefined) return { Status: status.Success };
  return { Status: status.Success, DstMsgId: itemServerId(to, newNumber) };
}

/** What will not do at another time either: the device must not repeat it for ever. */
const lastingFaults: ReadonlySet<BackendFault> = new Set([
  "not allowed",
  "over quota",
  "too large",
]);

async function statusOf(error: unknown, from: string, context: Context): Promise<number> {
  const { log, mailbox, signal } = context;
  if (endsRequest(error, signal)) throw error;
  if (!(error instanceof BackendError)) {
    log.error({ err: error }, "items could not be moved");
    return commonStatus.ServerError;
  }
  if (error.fault === "no such folder") {
    const source = await mailbox.folder(from);
    return source === undefined ? status.InvalidSource : status.InvalidDestination;
  }
  log.warn({ err: error }, "the mail server would not move items");
  return lastingFaults.has(error.fault) ? status.Failed : status.Locked;
}
