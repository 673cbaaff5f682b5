/**
 * Small mails as they are: one literal holds all that BODYSTRUCTURE, header fields and the parts that are shown would
 * tell, and neither the server nor imapflow has to take it apart into hundreds of tokens.
 */
import { findPart, partsOf } from "../../items/email/body-parts.ts";
import type { MailItem, Part, PartFetched, PartWanted } from "../../items/email/message.ts";
import { parseMessage, type ParsedMessage } from "../../items/email/mime.ts";
import type { Along, Answer } from "./feed-items.ts";
import { smallMailBytes, smallMailsBytes, smallMailWorthBytes } from "./limits.ts";
import { octetsOf, receivedAt } from "./list.ts";
import { firstWidth, type NewestAsked } from "./newest.ts";
import { cutAt, peek } from "./parts.ts";
import { atom, textOf } from "./tokens.ts";

/** Octets up to which a mail of a window may come whole, so that all together are no more than a window takes. */
export function mostOf(asked: NewestAsked): number {
  return Math.min(smallMailBytes, Math.floor(smallMailsBytes / firstWidth(asked)));
}

/**
 * Whether a window would have cost less with its small mails whole. For each some octets more than its parts have are
 * worth it; of a larger one what comes is for nothing, and it is asked for once more.
 */
export function areWorth(
  items: readonly MailItem[],
  wanted: readonly PartWanted[],
  most: number,
): boolean {
  const shown = Map.groupBy(wanted, ({ number }) => number);
  const worth = items.map(({ number, sizeBytes, structure }) => {
    if (sizeBytes >= most || holdsMail(structure)) {
      return -(Math.min(sizeBytes, most) + smallMailWorthBytes);
    }
    const parts = shown.get(number) ?? [];
    const asked = parts.reduce((sum, { maxBytes = sizeBytes }) => sum + maxBytes, 0);
    return smallMailWorthBytes + Math.min(asked, sizeBytes) - sizeBytes;
  });
  return worth.reduce((sum, each) => sum + each, 0) > 0;
}

/** Such a mail is not taken apart here, however small it is. */
function holdsMail(structure: Part): boolean {
  return partsOf(structure).some(({ type }) => type === "message");
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

  /** A part of a mail that was kept, or all of it. */
  part(wanted: PartWanted): PartFetched | undefined {
    const { number, section, maxBytes } = wanted;
    const mail = this.#mails.get(number);
    if (mail === undefined) return undefined;
    const isLeaf = findPart(mail.item.structure, section)?.children.length === 0;
    const bytes = isLeaf || section === "" ? mail.parsed.part(section) : undefined;
    return bytes && { ...wanted, bytes: cutAt(bytes, maxBytes) };
  }

  /** Lets go of the mails, once the parts that are wanted of them are taken. */
  forget(): void {
    this.#mails.clear();
  }
}
