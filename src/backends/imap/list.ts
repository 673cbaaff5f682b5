/** Mails without their bodies: all that a device's list shows, in one command. */
import { parseBodystructure } from "imapflow/lib/tools.js";
import { isUtf8 } from "node:buffer";
import { readHeader, type Header } from "../../items/email/header.ts";
import type { MailFlags, MailItem, Part } from "../../items/email/message.ts";
import { headFields, headOf } from "../../items/email/mime.ts";
import type { Argument, ImapConnection, Parsed, Untagged } from "./connection.ts";
import { flagsOf } from "./flags.ts";
import { numbersPerCommand } from "./limits.ts";
import { toStructure, unknownStructure } from "./structure.ts";
import { fetchMails } from "./fetching.ts";
import { atom, entriesOf, isList, pairsOf, rangesOf, textOf } from "./tokens.ts";

/** Metadata of these items of a folder; items that are gone are left out. */
export async function listItems(
  connection: ImapConnection,
  path: string,
  numbers: readonly number[],
): Promise<readonly MailItem[]> {
  const items: MailItem[] = [];
  for (let at = 0; at < numbers.length; at += numbersPerCommand) {
    await connection.select(path);
    items.push(...(await fetchItems(connection, numbers.slice(at, at + numbersPerCommand))));
  }
  return items;
}

/** BODY.PEEK[HEADER.FIELDS (…)]: the fields are a list of their own, which imapflow's arguments carry beside the value. */
export function peekFields(names: readonly string[]): Argument {
  return { type: "ATOM", value: "BODY.PEEK", section: [atom("HEADER.FIELDS"), names.map(atom)] };
}

/** All that `toItem` reads. */
export const listedItems: readonly Argument[] = [
  ...["UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE", "BODYSTRUCTURE"].map(atom),
  peekFields(headFields),
];

async function fetchItems(
  connection: ImapConnection,
  numbers: readonly number[],
): Promise<readonly MailItem[]> {
  const wanted = { of: "metadata" as const, ranges: rangesOf(numbers), items: listedItems };
  const asked = new Set(numbers);
  const items = new Map<number, MailItem>();
  await fetchMails(connection, wanted, {
    FETCH: ({ attributes }: Untagged) => {
      const values = pairsOf(attributes?.[1]);
      const number = Number(textOf(values.get("UID")));
      // Servers also tell of others' changes in between, by a FETCH with the flags alone.
      if (asked.has(number) && isListed(values)) items.set(number, toItem(number, values));
    },
  });
  return [...items.values()];
}

/** Whether a FETCH answers `listedItems`. */
export function isListed(values: ReadonlyMap<string, Parsed>): boolean {
  return values.has("RFC822.SIZE");
}

/** The metadata of a mail from the answer to `listedItems`. */
export function toItem(
  number: number,
  values: ReadonlyMap<string, Parsed>,
  flags = flagsIn(values),
): MailItem {
  const sizeBytes = Number(textOf(values.get("RFC822.SIZE")));
  return {
    number,
    flags,
    received: receivedAt(textOf(values.get("INTERNALDATE"))),
    sizeBytes: Number.isSafeInteger(sizeBytes) ? sizeBytes : 0,
    structure: structureOf(values.get("BODYSTRUCTURE")),
    ...headOf(headerIn(values.get("BODY"))),
  };
}

/** The flags of a FETCH. */
export function flagsIn(values: ReadonlyMap<string, Parsed>): MailFlags {
  return flagsOf(new Set(entriesOf(values.get("FLAGS")).flatMap((flag) => textOf(flag) ?? [])));
}

/** RFC 3501 date-time; the oldest moment stands for one that cannot be read. */
export function receivedAt(text: string | undefined): Date {
  const date = new Date(text?.trim() ?? "");
  return Number.isNaN(date.getTime()) ? new Date(0) : date;
}

/** An answer that cannot be read leaves the mail with one part, not the list without the mail. */
function structureOf(answer: Parsed | undefined): Part {
  if (!isList(answer) || answer.length === 0) return unknownStructure;
  try {
    return toStructure(parseBodystructure(textual(answer)));
  } catch {
    return unknownStructure;
  }
}

type TextToken = { type: string; value: string } | null;
type TextTokens = (TextToken | TextTokens)[];

/** Literals carry the octets of the mail: those that are no UTF-8 are read as Latin-1, none is lost. */
function textual(tokens: readonly Parsed[]): TextTokens {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- without literals they are text already
  if (!tokens.some(hasLiteral)) return tokens as TextTokens;
  return tokens.map((token) => {
    if (isList(token)) return textual(token);
    if (token === null) return null;
    const { value = "", type = "STRING" } = token;
    return { type, value: typeof value === "string" ? value : textIn(value) };
  });
}

function hasLiteral(token: Parsed): boolean {
  if (isList(token)) return token.some(hasLiteral);
  return token !== null && (typeof token.value !== "string" || token.type === undefined);
}

function textIn(bytes: Buffer): string {
  return bytes.toString(isUtf8(bytes) ? "utf8" : "latin1");
}

/** The header in the answer to `peekFields`. */
export function headerIn(answer: Parsed | undefined): Header {
  const bytes = octetsOf(answer);
  return readHeader(bytes, { start: 0, end: bytes.length });
}

/** The octets of a section, as they came. */
export function octetsOf(answer: Parsed | undefined): Buffer {
  if (answer === null || answer === undefined || isList(answer)) return Buffer.alloc(0);
  const { value = "" } = answer;
  return typeof value === "string" ? Buffer.from(value, "utf8") : value;
}
