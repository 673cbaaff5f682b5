/**
 * Small mails as they are: one literal holds all that BODYSTRUCTURE, header fields and the parts that are shown would
 * tell, and neither the server nor imapflow has to take it apart into hundreds of tokens.
 */
import { findPart, partsOf } from "../../items/email/body-parts.ts";
import type { MailItem, PartFetched, PartWanted } from "../../items/email/message.ts";
import { parseMessage, type ParsedMessage } from "../../items/email/mime.ts";
import type { Along, Answer } from "./feed-items.ts";
import { smallMailBytes, smallMailsBytes, smallMailWorthBytes } from "./limits.ts";
import { octetsOf, receivedAt } from "./list.ts";
import { firstWidth, type NewestAsked } from "./newest.ts";
import { peek } from "./parts.ts";
import { atom, textOf } from "./tokens.ts";

/** Octets up to which a mail of a window may come whole, so that all together are no more than a window takes. */
export function mostOf(asked: NewestAsked): number {
  return Math.min(smallMailBytes, Math.floor(smallMailsBytes / firstWidth(asked)));
}

/** A window, and what of it is shown. */
interface Shown {
  readonly items: readonly MailItem[];
  readonly wanted: readonly PartWanted[];
  /** `mostOf` what was asked. */
  readonly most: number;
}

/**
 * Whether a window cost less with its small mails whole, or would have, if they did not come so. For each some octets
 * more than its parts have are worth it; what comes of others is for nothing, and they are asked for once more.
 */
export function areWorth({ items, wanted, most }: Shown, came?: SmallMails): boolean {
  const shown = Map.groupBy(wanted, ({ number }) => number);
  const worth = items.map((item) => {
    const { number, sizeBytes } = item;
    const isKept = came === undefined ? mayBeKept(item, most) : came.item(number) !== undefined;
    if (!isKept) return -(Math.min(sizeBytes, most) + smallMailWorthBytes);
    const parts = shown.get(number) ?? [];
    const asked = parts.reduce((sum, { maxBytes = sizeBytes }) => sum + maxBytes, 0);
    return smallMailWorthBytes + Math.min(asked, sizeBytes) - sizeBytes;
  });
  return worth.reduce((sum, each) => sum + each, 0) > 0;
}

/** As far as its metadata tell. */
function mayBeKept({ sizeBytes, structure }: MailItem, most: number): boolean {
  return sizeBytes < most && partsOf(structure).every(({ type }) => type !== "message");
}

interface SmallMail {
  readonly item: MailItem;
  readonly parsed: ParsedMessage;
}

/** Mails of a window that came whole and were taken apart here. */
export class SmallMails implements Along {
  readonly items: Along["items"];
  readonly #most: number;
  readonly #limit: number;
  readonly #mails = new Map<number, SmallMail>();

  constructor(asked: NewestAsked) {
    this.#most = mostOf(asked);
    this.#limit = asked.limit;
    this.items = [
      ...["UID", "FLAGS", "INTERNALDATE", "RFC822.SIZE"].map(atom),
      peek("", 0, this.#most),
    ];
  }

  /** Keeps a mail of which all came, and whose parts every server numbers alike. */
  take(number: number, { values, flags }: Answer): void {
    const bytes = octetsOf(values.get("BODY"));
    const sizeBytes = Number(textOf(values.get("RFC822.SIZE")));
    if (bytes.length >= this.#most || bytes.length !== sizeBytes) return;
    const parsed = parseMessage(bytes);
    if (!parsed.isRegular) return;
    const { envelope, structure, references, headers } = parsed;
    const item = {
      number,
      flags,
      received: receivedAt(textOf(values.get("INTERNALDATE"))),
      sizeBytes,
      envelope,
      structure,
      references,
      headers,
    };
    this.#mails.set(number, { item, parsed });
    // Servers tell ascending numbers: the first are those that a window leaves out.
    const [first] = this.#mails.keys();
    if (this.#mails.size > this.#limit && first !== undefined) this.#mails.delete(first);
  }

  /** The metadata of a mail that was kept. */
  item(number: number): MailItem | undefined {
    return this.#mails.get(number)?.item;
  }

  /** A part of a mail that was kept, or all of it: a copy, as a piece would keep the whole mail alive. */
  part(wanted: PartWanted): PartFetched | undefined {
    const { number, section, maxBytes } = wanted;
    const mail = this.#mails.get(number);
    if (mail === undefined) return undefined;
    const isLeaf = findPart(mail.item.structure, section)?.children.length === 0;
    const bytes = isLeaf || section === "" ? mail.parsed.part(section) : undefined;
    return bytes && { ...wanted, bytes: Buffer.from(bytes.subarray(0, maxBytes)) };
  }

  /** Lets go of the mails, once the parts that are wanted of them are taken. */
  forget(): void {
    this.#mails.clear();
  }
}
