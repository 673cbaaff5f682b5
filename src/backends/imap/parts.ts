/** Parts of mails: grouped into few commands, never more octets than asked for. */
import { Readable } from "node:stream";
import type { PartFetched, PartWanted } from "../../items/email/message.ts";
import { letPass } from "../../kit/small-heap.ts";
import type { Argument, ImapConnection, Parsed, Untagged } from "./connection.ts";
import { numbersPerCommand, streamChunkBytes } from "./limits.ts";
import type { OnSelected } from "./feed.ts";
import { fetchMails } from "./fetching.ts";
import { atom, entriesOf, isList, pairsOf, rangesOf, textOf } from "./tokens.ts";

/** Items that want the same parts, cut at the same sizes: one command for all of them. */
interface Group {
  /** How many octets of each section are asked for; 0 is everything. */
  readonly cuts: Map<string, number>;
  /** What each item wants of them. */
  readonly wanted: Map<number, readonly PartWanted[]>;
}

/** Fetches parts; what is gone is left out. */
export async function fetchParts(
  connection: ImapConnection,
  wanted: readonly PartWanted[],
): Promise<readonly PartFetched[]> {
  const fetched: PartFetched[] = [];
  for (const group of groups(wanted)) {
    const numbers = [...group.wanted.keys()];
    for (let at = 0; at < numbers.length; at += numbersPerCommand) {
      const piece = numbers.slice(at, at + numbersPerCommand);
      fetched.push(...(await fetchGroup(connection, piece, group)));
    }
  }
  return fetched;
}

/**
 * Parts that are wanted whole share a command, cut at the largest of them: no more comes than there is. Of others the
 * sizes are rounded up to powers of two, so that mails of like size share one: a cut at more than asked costs
 * octets, a command of its own a round trip.
 */
function groups(wanted: readonly PartWanted[]): readonly Group[] {
  const byNumber = Map.groupBy(wanted, (part) => part.number);
  const byShape = new Map<string, Group>();
  for (const [number, parts] of byNumber) {
    const shape = parts.map(shapeOf).join(" ");
    const group = byShape.get(shape) ?? { cuts: new Map<string, number>(), wanted: new Map() };
    byShape.set(shape, group);
    group.wanted.set(number, parts);
    for (const { section, maxBytes } of parts) {
      group.cuts.set(section, Math.max(group.cuts.get(section) ?? 0, roundedUp(maxBytes)));
    }
  }
  return [...byShape.values()];
}

function shapeOf({ section, maxBytes, isWhole }: PartWanted): string {
  const isCutAtLargest = isWhole === true && maxBytes !== undefined;
  return `${section}<${isCutAtLargest ? "whole" : roundedUp(maxBytes)}`;
}

const smallestCut = 4096;

function roundedUp(maxBytes: number | undefined): number {
  if (maxBytes === undefined) return 0;
  return maxBytes <= smallestCut ? smallestCut : 2 ** Math.ceil(Math.log2(maxBytes));
}

async function fetchGroup(
  connection: ImapConnection,
  numbers: readonly number[],
  { cuts, wanted }: Group,
): Promise<PartFetched[]> {
  const peeks = [...cuts].map(([section, cut]) => peek(section, 0, cut));
  const items: Argument[] = [atom("UID"), ...peeks];
  const fetched: PartFetched[] = [];
  await fetchMails(
    connection,
    { of: "parts", ranges: rangesOf(numbers), items },
    {
      FETCH: (untagged) => {
        const { number, bodies } = bodiesOf(untagged);
        for (const part of (number === undefined ? undefined : wanted.get(number)) ?? []) {
          const came = bodies.get(part.section);
          if (came !== undefined) fetched.push({ ...part, bytes: cutAt(came, part.maxBytes) });
        }
      },
    },
  );
  return fetched;
}

/** What is more than was wanted is not kept: of a mail whose size the server got wrong it can be much. */
function cutAt(bytes: Buffer, maxBytes = Infinity): Buffer {
  return bytes.length > maxBytes ? Buffer.from(bytes.subarray(0, maxBytes)) : bytes;
}

/** BODY.PEEK[section]<start.length>; length 0 is everything. */
export function peek(section: string, start: number, length: number): Argument {
  const partial = length === 0 && start === 0 ? {} : { partial: [start, length] };
  const inBrackets: Argument[] = section === "" ? [] : [atom(section)];
  return { type: "ATOM", value: "BODY.PEEK", section: inBrackets, ...partial };
}

/** The sections of a FETCH by their names; "" is the whole mail. */
function bodiesOf({ attributes }: Untagged): {
  readonly number: number | undefined;
  readonly bodies: ReadonlyMap<string, Buffer>;
} {
  const entries = entriesOf(attributes?.[1]);
  const bodies = new Map<string, Buffer>();
  for (let at = 0; at + 1 < entries.length; at += 2) {
    const section = sectionOf(entries[at]);
    if (section !== undefined) bodies.set(section, octets(entries[at + 1]));
  }
  const number = Number(textOf(pairsOf(attributes?.[1]).get("UID")));
  return { number: Number.isSafeInteger(number) ? number : undefined, bodies };
}

/** The section of a BODY[…]; undefined for other items. */
function sectionOf(name: Parsed | undefined): string | undefined {
  if (name === null || name === undefined || isList(name)) return undefined;
  if (textOf(name)?.toUpperCase() !== "BODY" || name.section === undefined) return undefined;
  return textOf(name.section[0]) ?? "";
}

function octets(token: Parsed | undefined): Buffer {
  if (token === null || token === undefined || isList(token)) return Buffer.alloc(0);
  const { value = "" } = token;
  return Buffer.isBuffer(value) ? value : Buffer.from(value, "utf8");
}

/** A part that is read piece by piece. */
type PartOf = Pick<PartWanted, "number" | "section"> & { readonly epoch: string };

/**
 * A part as a stream: asked for piece by piece as it is read, so that a large attachment is never whole in
 * memory and the connection serves others in between. Undefined: the mail is gone, or the server cannot read it.
 */
export async function openPart(
  on: OnSelected,
  path: string,
  part: PartOf,
): Promise<Readable | undefined> {
  const piece = (start: number) => on(path, (connection) => pieceOf(connection, part, start));
  const first = await piece(0);
  if (first === undefined) return undefined;
  return Readable.from(pieces(first, piece), { objectMode: false });
}

async function* pieces(
  first: Buffer,
  read: (start: number) => Promise<Buffer | undefined>,
): AsyncGenerator<Buffer> {
  let start = 0;
  for (let piece: Buffer | undefined = first; piece !== undefined && piece.length > 0;) {
    yield piece;
    letPass(piece.length);
    if (piece.length < streamChunkBytes) return;
    start += piece.length;
    piece = await read(start);
    if (piece === undefined) throw new Error("the mail was deleted while it was read");
  }
}

async function pieceOf(
  connection: ImapConnection,
  { number, section, epoch }: PartOf,
  start: number,
): Promise<Buffer | undefined> {
  // Between two pieces the folder may have been made anew, and the number is another mail's.
  if (connection.selectedEpoch !== epoch) return undefined;
  let found: Buffer | undefined;
  const items: Argument[] = [atom("UID"), peek(section, start, streamChunkBytes)];
  const ranges = [{ low: number, high: number }];
  await fetchMails(
    connection,
    { of: "parts", ranges, items },
    {
      FETCH: (untagged) => {
        const fetched = bodiesOf(untagged);
        if (fetched.number === number) found = fetched.bodies.get(section) ?? Buffer.alloc(0);
      },
    },
  );
  return found;
}
