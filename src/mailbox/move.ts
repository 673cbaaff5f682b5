/**
 * Moving once. The intent holds what the mail and a copy of it have in common and where the destination
 * stood; a repeat finds the mail gone and looks for it from there on, or finds a copy beside the mail (a
 * server without MOVE copies first) and only takes the mail away.
 */
import type { ItemOutcome, MailSession } from "../backend.ts";
import type { Aliases } from "./aliased.ts";
import {
  Intents,
  type Beginning,
  type Effect,
  type IntentSource,
  type OpenIntent,
} from "./intents.ts";

/** What a move has to remember. */
export interface MoveTarget {
  /** As the backend tells it; the same for the mail and its copy. */
  readonly identity: string;
  /** Where the destination stood: a copy is at or above `next` in this epoch. */
  readonly epoch: string;
  readonly next: number;
  /** UID in the destination, once moved; undefined where it could not be found out. */
  readonly newNumber?: number;
}

/** A folder that mails are moved from or to. */
export interface MovePlace {
  readonly collectionId: string;
  readonly path: string;
  readonly epoch: string;
}

/** From where to where. */
export interface Passage {
  readonly session: MailSession;
  readonly from: MovePlace;
  readonly to: MovePlace;
  /** Of the folder that is left. */
  readonly aliases: Aliases;
}

/** What moving needs of the gateway and the request. */
export interface MoverSource extends IntentSource {
  readonly accountId: string;
  readonly deviceId: string;
  readonly signal: AbortSignal;
}

/** Moves items of an account for a device. */
export class Mover {
  readonly #source: MoverSource;

  constructor(source: MoverSource) {
    this.#source = source;
  }

  /** Moves items, each once; numbers are those that devices know. Throws BackendError, BackendUnavailable. */
  async move(passage: Passage, numbers: readonly number[]): Promise<readonly ItemOutcome[]> {
    const { session, from } = passage;
    const { epoch } = await session.feed(from.path).position();
    // Numbers of another epoch name other mails by now.
    if (epoch !== from.epoch) return numbers.map((number) => ({ number, kind: "gone" }));
    const { accountId, deviceId, signal } = this.#source;
    const intents = new Intents<MoveTarget>(this.#source, { accountId, deviceId, kind: "move" });
    const keys = new Map(numbers.map((number) => [keyOf(passage, number), number]));
    const wishes = [...keys.keys()].map((clientKey) => ({
      clientKey,
      fingerprint: Buffer.from(epoch),
    }));
    const results = await intents.run(wishes, effectOf(passage, keys), signal);
    return Array.from(keys, ([key, number]) => outcomeOf(number, results.get(key)));
  }
}

function keyOf({ from, to }: Passage, number: number): string {
  return `${from.collectionId}:${number} ${to.collectionId}`;
}

function outcomeOf(number: number, result: MoveTarget | undefined): ItemOutcome {
  if (result === undefined) return { number, kind: "gone" };
  const { newNumber } = result;
  return { number, kind: "done", ...(newNumber === undefined ? {} : { newNumber }) };
}

/** An item to be moved: its UID, and what its intent holds. */
interface Moving extends OpenIntent<MoveTarget> {
  readonly uid: number;
}

function effectOf(passage: Passage, keys: ReadonlyMap<string, number>): Effect<MoveTarget> {
  const uidOf = (clientKey: string): number => passage.aliases.uidOf(keys.get(clientKey) ?? 0);
  return {
    begin: (wishes) => begin(passage, wishes, uidOf),
    carryOut: async (open) => {
      const moving = open.map((each) => ({ ...each, uid: uidOf(each.clientKey) }));
      return await carryOut(passage, moving);
    },
  };
}

/** What is there begins; what was moved before and is there again (a restored backup) as well. */
async function begin(
  { session, from, to }: Passage,
  wishes: readonly Beginning<MoveTarget>[],
  uidOf: (clientKey: string) => number,
): Promise<ReadonlyMap<string, MoveTarget>> {
  const uids = wishes.map(({ clientKey }) => uidOf(clientKey));
  // Another connection may have moved them a moment ago: what this one shows of the folder has to be newer.
  if (wishes.some(({ done }) => done !== undefined)) await session.feed(from.path).position();
  const present = await session.identities(from.path, uids);
  if (present.size === 0) return new Map();
  const { epoch, next } = await session.feed(to.path).position();
  return new Map(
    wishes.flatMap(({ clientKey }) => {
      const identity = present.get(uidOf(clientKey));
      return identity === undefined ? [] : [[clientKey, { identity, epoch, next }] as const];
    }),
  );
}

type Moved = Map<string, MoveTarget>;

async function carryOut(passage: Passage, moving: readonly Moving[]): Promise<Moved> {
  const repeats = moving.filter(({ isRepeat }) => isRepeat);
  const { moved, left } = await adopt(passage, repeats);
  const fresh = [...moving.filter(({ isRepeat }) => !isRepeat), ...left];
  const outcomes = new Map((await moveNow(passage, fresh)).map((each) => [each.number, each]));
  const untold: Moving[] = [];
  for (const each of fresh) {
    const outcome = outcomes.get(each.uid);
    if (outcome?.kind !== "done") continue;
    const { newNumber } = outcome;
    if (newNumber === undefined) untold.push(each);
    else moved.set(each.clientKey, { ...each.target, newNumber });
  }
  const found = await copiesOf(passage, untold);
  for (const each of untold) {
    const newNumber = found.get(each.clientKey);
    moved.set(
      each.clientKey,
      newNumber === undefined ? each.target : { ...each.target, newNumber },
    );
  }
  return moved;
}

/** What an ended process has moved, or only copied: then the mail is taken away. `left`: still to be moved. */
async function adopt(
  passage: Passage,
  repeats: readonly Moving[],
): Promise<{ readonly moved: Moved; readonly left: readonly Moving[] }> {
  const moved: Moved = new Map();
  if (repeats.length === 0) return { moved, left: [] };
  const { session, from } = passage;
  const copies = await copiesOf(passage, repeats);
  const uids = repeats.map(({ uid }) => uid);
  const present = await session.identities(from.path, uids);
  // A server that moves in one step has not moved what is there still: the like of it is another mail.
  const movesAtOnce = await session.movesAtOnce();
  const copied = repeats.filter(
    ({ clientKey, uid }) => copies.has(clientKey) && !(movesAtOnce && present.has(uid)),
  );
  await session.remove(
    from.path,
    copied.map(({ uid }) => uid).filter((uid) => present.has(uid)),
  );
  for (const { clientKey, target } of copied) {
    const newNumber = copies.get(clientKey);
    if (newNumber !== undefined) moved.set(clientKey, { ...target, newNumber });
  }
  const left = repeats.filter(({ clientKey, uid }) => !moved.has(clientKey) && present.has(uid));
  return { moved, left };
}

async function moveNow(
  { session, from, to }: Passage,
  moving: readonly Moving[],
): Promise<readonly ItemOutcome[]> {
  const uids = moving.map(({ uid }) => uid);
  if (uids.length === 0) return [];
  if (await session.movesAtOnce()) return await session.move(from.path, uids, to.path);
  const outcomes = await session.copy(from.path, uids, to.path);
  const copied = outcomes.filter(({ kind }) => kind === "done").map(({ number }) => number);
  await session.remove(from.path, copied);
  return outcomes;
}

/** UIDs of the copies in the destination, from where it stood on; each copy is one mail's. */
async function copiesOf(
  { session, to }: Passage,
  moving: readonly Moving[],
): Promise<ReadonlyMap<string, number>> {
  if (moving.length === 0) return new Map();
  // The look at the folder has to be newer than what came into it.
  const { epoch } = await session.feed(to.path).position();
  const from = ({ target }: Moving): number => (target.epoch === epoch ? target.next : 1);
  const there = await session.identities(to.path, { from: Math.min(...moving.map(from)) });
  const free = [...there].toSorted(([one], [other]) => one - other);
  const copies = new Map<string, number>();
  for (const each of moving.toSorted((one, other) => one.uid - other.uid)) {
    const at = free.findIndex(
      ([number, identity]) => identity === each.target.identity && number >= from(each),
    );
    const [copy] = at === -1 ? [] : free.splice(at, 1);
    if (copy !== undefined) copies.set(each.clientKey, copy[0]);
  }
  return copies;
}
