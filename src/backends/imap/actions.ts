/** Changes to items of a folder: flags, deletes, moves, appends. */
import type { FlagChange, ItemOutcome } from "../../backend.ts";
import { isServerFault } from "./errors.ts";
import type { Argument, ImapConnection, Parsed } from "./connection.ts";
import { editOf, type FlagEdit } from "./flags.ts";
import { numbersPerCommand } from "./limits.ts";
import {
  codeOf,
  entriesOf,
  formatRange,
  formatRanges,
  pairsOf,
  parseNumbers,
  rangesOf,
  searchedOf,
  textOf,
  topNumber,
} from "./tokens.ts";
import { atom } from "./tokens.ts";

function sequenceOf(numbers: readonly number[]): Argument {
  return { type: "SEQUENCE", value: formatRanges(rangesOf(numbers)) };
}

/** Changes states of items in the selected folder; items with an equal edit share a command. */
export async function setFlags(
  connection: ImapConnection,
  changes: readonly FlagChange[],
  unchangedSince?: bigint,
): Promise<readonly ItemOutcome[]> {
  const numbers = changes.map(({ number }) => number);
  const now = await flagsNow(connection, numbers);
  const conflicts = new Set<number>();
  const present = changes.filter(({ number }) => now.has(number));
  for (const { edit, numbers: alike } of groupedEdits(present, now)) {
    for (const number of await storeEdit(connection, alike, { edit, unchangedSince })) {
      conflicts.add(number);
    }
  }
  return numbers.map((number) => {
    if (!now.has(number)) return { number, kind: "gone" };
    return { number, kind: conflicts.has(number) ? "conflict" : "done" };
  });
}

/** Items with the same edit share its commands. */
function groupedEdits(
  changes: readonly FlagChange[],
  now: ReadonlyMap<number, ReadonlySet<string>>,
): readonly { readonly edit: FlagEdit; readonly numbers: readonly number[] }[] {
  const groups = new Map<string, { edit: FlagEdit; numbers: number[] }>();
  for (const change of changes) {
    const edit = editOf(change, now.get(change.number) ?? new Set());
    const key = `${edit.add.join(" ")} - ${edit.remove.join(" ")}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { edit, numbers: [change.number] });
    else group.numbers.push(change.number);
  }
  return [...groups.values()];
}

/** Stores one edit of several items; the numbers that another client changed since. */
async function storeEdit(
  connection: ImapConnection,
  numbers: readonly number[],
  {
    edit,
    unchangedSince,
  }: { readonly edit: FlagEdit; readonly unchangedSince?: bigint | undefined },
): Promise<ReadonlySet<number>> {
  const { add, remove } = allowed(connection, edit);
  const conflicts = new Set<number>();
  // The first STORE is itself a change since: only it can carry the condition.
  let condition = unchangedSince;
  for (const [operation, flags] of [
    ["+FLAGS.SILENT", add],
    ["-FLAGS.SILENT", remove],
  ] as const) {
    const left = numbers.filter((number) => !conflicts.has(number));
    if (flags.length === 0 || left.length === 0) continue;
    const store = { operation, flags, unchangedSince: condition };
    for (const number of await storeFlags(connection, left, store)) conflicts.add(number);
    condition = undefined;
  }
  return conflicts;
}

/** A folder that keeps no new keywords takes what it can: a category is no reason to fail a flag. */
function allowed(connection: ImapConnection, edit: FlagEdit): FlagEdit {
  const { mailbox } = connection.client;
  const permanent = mailbox === false ? undefined : mailbox.permanentFlags;
  if (permanent === undefined || permanent.has("\\*")) return edit;
  const known = new Set([...permanent].map((flag) => flag.toLowerCase()));
  return { ...edit, add: edit.add.filter((flag) => known.has(flag.toLowerCase())) };
}

async function flagsNow(
  connection: ImapConnection,
  numbers: readonly number[],
): Promise<ReadonlyMap<number, ReadonlySet<string>>> {
  const found = new Map<number, ReadonlySet<string>>();
  const asked = new Set(numbers);
  for (let at = 0; at < numbers.length; at += numbersPerCommand) {
    const piece = numbers.slice(at, at + numbersPerCommand);
    await connection.exec("UID FETCH", [sequenceOf(piece), [atom("UID"), atom("FLAGS")]], {
      FETCH: ({ attributes }) => {
        const pairs = pairsOf(attributes?.[1]);
        const number = Number(textOf(pairs.get("UID")));
        if (!asked.has(number)) return;
        found.set(number, new Set(entriesOf(pairs.get("FLAGS")).map((flag) => textOf(flag) ?? "")));
      },
    });
  }
  return found;
}

/** Stores; returns the numbers that the server left alone because they changed meanwhile (MODIFIED). */
async function storeFlags(
  connection: ImapConnection,
  numbers: readonly number[],
  store: {
    readonly operation: string;
    readonly flags: readonly string[];
    readonly unchangedSince: bigint | undefined;
  },
): Promise<readonly number[]> {
  const condition =
    store.unchangedSince !== undefined && connection.keepsMarks
      ? [[atom("UNCHANGEDSINCE"), atom(String(store.unchangedSince))]]
      : [];
  const modified: number[] = [];
  for (let at = 0; at < numbers.length; at += numbersPerCommand) {
    const piece = numbers.slice(at, at + numbersPerCommand);
    const flags = store.flags.map(atom);
    const request = [sequenceOf(piece), ...condition, atom(store.operation), flags];
    const { attributes } = await connection.exec("UID STORE", request);
    modified.push(...numbersIn(codeOf(attributes, "MODIFIED").at(0), piece));
  }
  return modified;
}

function numbersIn(text: string | undefined, among: readonly number[]): readonly number[] {
  const ranges = parseNumbers(text ?? "");
  return among.filter((number) => ranges.some(({ low, high }) => low <= number && number <= high));
}

/** Deletes for good what is in the selected folder; the rest is gone already. */
export async function removeItems(
  connection: ImapConnection,
  numbers: readonly number[],
): Promise<readonly ItemOutcome[]> {
  const present = await flagsNow(connection, numbers);
  const here = numbers.filter((number) => present.has(number));
  await expunge(connection, here);
  return numbers.map((number) => ({ number, kind: present.has(number) ? "done" : "gone" }));
}

async function expunge(connection: ImapConnection, numbers: readonly number[]): Promise<void> {
  for (let at = 0; at < numbers.length; at += numbersPerCommand) {
    const piece = numbers.slice(at, at + numbersPerCommand);
    const sequence = sequenceOf(piece);
    await mark(connection, piece, "+FLAGS.SILENT");
    if (connection.has("UIDPLUS")) await connection.exec("UID EXPUNGE", [sequence]);
    else {
      const ours = new Set(piece);
      await expungeMarked(connection, (number) => ours.has(number));
    }
  }
}

/** Without UIDPLUS an EXPUNGE takes all that is marked: what other clients marked is kept out of its way. */
export async function expungeMarked(
  connection: ImapConnection,
  isOurs: (number: number) => boolean,
): Promise<void> {
  const marked: number[] = [];
  await connection.exec("UID SEARCH", [atom("DELETED")], {
    SEARCH: (untagged) => void marked.push(...searchedOf(untagged)),
  });
  const others = marked.filter((number) => !isOurs(number));
  await mark(connection, others, "-FLAGS.SILENT");
  try {
    await connection.exec("EXPUNGE", []);
  } finally {
    await mark(connection, others, "+FLAGS.SILENT");
  }
}

async function mark(
  connection: ImapConnection,
  numbers: readonly number[],
  operation: string,
): Promise<void> {
  for (let at = 0; at < numbers.length; at += numbersPerCommand) {
    const sequence = sequenceOf(numbers.slice(at, at + numbersPerCommand));
    await connection.exec("UID STORE", [sequence, atom(operation), [atom("\\Deleted")]]);
  }
}

/** Moves items out of the selected folder; `newNumber` where COPYUID tells it. */
export async function moveItems(
  connection: ImapConnection,
  numbers: readonly number[],
  toPath: string,
): Promise<readonly ItemOutcome[]> {
  if (connection.has("MOVE")) return await transferItems(connection, numbers, ["UID MOVE", toPath]);
  const outcomes = await copyItems(connection, numbers, toPath);
  const here = outcomes.filter(({ kind }) => kind === "done").map(({ number }) => number);
  await expunge(connection, here);
  return outcomes;
}

/** Copies items of the selected folder; `newNumber` where COPYUID tells it. */
export async function copyItems(
  connection: ImapConnection,
  numbers: readonly number[],
  toPath: string,
): Promise<readonly ItemOutcome[]> {
  return await transferItems(connection, numbers, ["UID COPY", toPath]);
}

type Transfer = readonly [command: "UID MOVE" | "UID COPY", toPath: string];

async function transferItems(
  connection: ImapConnection,
  numbers: readonly number[],
  transfer: Transfer,
): Promise<readonly ItemOutcome[]> {
  // Dovecot answers a repeated UID MOVE with OK: what is gone must be told apart first.
  const present = await flagsNow(connection, numbers);
  const here = numbers.filter((number) => present.has(number));
  const transferred = new Map<number, number>();
  const failed = new Set<number>();
  for (let at = 0; at < here.length; at += numbersPerCommand) {
    const piece = here.slice(at, at + numbersPerCommand);
    for (const each of await transferApart(connection, piece, { transfer, transferred })) {
      failed.add(each);
    }
  }
  return numbers.map((number): ItemOutcome => {
    if (!present.has(number)) return { number, kind: "gone" };
    if (failed.has(number)) return { number, kind: "refused", reason: serverFault };
    const newNumber = transferred.get(number);
    return { number, kind: "done", ...(newNumber === undefined ? {} : { newNumber }) };
  });
}

/** Why an item is refused that the server says it cannot transfer, whatever is wrong with it. */
export const serverFault = "the server failed";

interface Transferring {
  readonly transfer: Transfer;
  /** New numbers, by the old ones. */
  readonly transferred: Map<number, number>;
}

/** Where the server fails at several items, they are transferred in halves; those at which it fails alone. */
async function transferApart(
  connection: ImapConnection,
  numbers: readonly number[],
  transferring: Transferring,
): Promise<readonly number[]> {
  try {
    await transferPiece(connection, numbers, transferring);
    return [];
  } catch (error) {
    if (!connection.usable || !isServerFault(error)) throw error;
    if (numbers.length === 1) return numbers;
    const middle = numbers.length >> 1;
    const lower = await transferApart(connection, numbers.slice(0, middle), transferring);
    const upper = await transferApart(connection, numbers.slice(middle), transferring);
    return [...lower, ...upper];
  }
}

async function transferPiece(
  connection: ImapConnection,
  numbers: readonly number[],
  { transfer: [command, toPath], transferred }: Transferring,
): Promise<void> {
  const request = [sequenceOf(numbers), connection.pathArgument(toPath)];
  const hear = (attributes: readonly Parsed[]): void => {
    for (const [from, to] of copied(codeOf(attributes, "COPYUID"))) transferred.set(from, to);
  };
  // RFC 6851 4.3: of a MOVE it comes in an untagged OK before the expunges, or in the tagged one.
  const { attributes } = await connection.exec(command, request, {
    OK: (untagged) => hear(untagged.attributes ?? []),
  });
  hear(attributes);
}

/** Source and destination numbers of a COPYUID (RFC 4315), pair by pair. */
function copied(words: readonly (string | undefined)[]): readonly (readonly [number, number])[] {
  const [, from, to] = words;
  const sources = listed(from);
  const targets = listed(to);
  if (sources.length !== targets.length) return [];
  return sources.map((source, index) => [source, targets[index] ?? 0]);
}

/** Numbers in the order of the wire: COPYUID's order is what pairs them. */
function listed(text: string | undefined): number[] {
  return (text ?? "").split(",").flatMap((piece) => {
    const [range] = parseNumbers(piece);
    if (range === undefined || range.high - range.low > numbersPerCommand) return [];
    return Array.from({ length: range.high - range.low + 1 }, (_, index) => range.low + index);
  });
}

/** The lowest number at or above `from` in the selected folder with this Message-ID. */
export async function findByMessageId(
  connection: ImapConnection,
  messageId: string,
  from: number,
): Promise<number | undefined> {
  // "from:*" would name the last item even where there is none from there on (RFC 3501 6.4.8).
  const range = { type: "SEQUENCE" as const, value: formatRange({ low: from, high: topNumber }) };
  const value = messageId.replace(/^<|>$/g, "");
  const query = [atom("UID"), range, atom("HEADER"), atom("MESSAGE-ID")];
  const found: number[] = [];
  await connection.exec("UID SEARCH", [...query, { type: "STRING", value }], {
    SEARCH: (untagged) => void found.push(...searchedOf(untagged)),
  });
  return found.filter((number) => number >= from).toSorted((one, other) => one - other)[0];
}
