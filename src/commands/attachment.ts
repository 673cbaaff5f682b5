/** Attachments by FileReference, decoded from their transfer encoding as they stream in. */
import type { Readable } from "node:stream";
import { findPart, tnefAttachment, tnefPlaceOf } from "../items/email/index.ts";
import { maxTnefBytes } from "../items/email/limits.ts";
import type { Part } from "../items/email/message.ts";
import { transferDecoder } from "../items/email/transfer.ts";
import { octetsOf, wholeOf, type Octets } from "../kit/octets.ts";
import type { Spool } from "../kit/spool.ts";
import type { FoundItem, Mailbox } from "../mailbox/mailbox.ts";
import type { Context } from "./context.ts";

/** An attachment's decoded bytes and what they are. */
export interface Attachment {
  readonly contentType: string;
  readonly bytes: AsyncIterable<Buffer>;
}

/** Opens the attachment that a FileReference names; undefined when it is gone or was never ours. */
export async function openAttachment(
  fileReference: string,
  context: Context,
): Promise<Attachment | undefined> {
  const { mailbox } = context;
  const found = await mailbox.resolve(fileReference);
  if (found === undefined || found.section === "") return undefined;
  const [item] = await mailbox.list(found.collectionId, [found.number], found.epoch);
  if (item === undefined) return undefined;
  const packed = tnefPlaceOf(item.structure, found.section);
  if (packed !== undefined) return await openPacked(found, packed, context);
  const part = findPart(item.structure, found.section);
  return part === undefined ? undefined : await openPart(found, part, mailbox);
}

async function openPart(
  found: FoundItem,
  part: Part,
  mailbox: Mailbox,
): Promise<Attachment | undefined> {
  const wire = await mailbox.openPart(found);
  if (wire === undefined) return undefined;
  return {
    contentType: `${part.type}/${part.subtype}`,
    bytes: decoded(wire, part.encoding),
  };
}

/** An attachment in a TNEF part, which is read whole: its size has a limit. */
async function openPacked(
  found: FoundItem,
  { part, index }: { readonly part: Part; readonly index: number },
  { mailbox, spool }: Pick<Context, "mailbox" | "spool">,
): Promise<Attachment | undefined> {
  const outer = await openPart({ ...found, section: part.section }, part, mailbox);
  if (outer === undefined) return undefined;
  const range = { first: 0, last: maxTnefBytes };
  const { kept } = await keepRange(outer.bytes, range, spool);
  const attachment = tnefAttachment(await wholeOf(kept), index);
  if (attachment === undefined) return undefined;
  const { contentType, data } = attachment;
  return { contentType, bytes: octetsOf(data).stream() };
}

/** Positions of the first and the last byte. */
export interface Range {
  readonly first: number;
  readonly last: number;
}

/** The range that holds any attachment. */
export const everything: Range = { first: 0, last: Number.MAX_SAFE_INTEGER };

/** Keeps the bytes of a range of a stream, and tells how long the whole stream is. */
export async function keepRange(
  bytes: AsyncIterable<Buffer>,
  range: Range,
  spool: Spool,
): Promise<{ readonly kept: Buffer | Octets; readonly total: number }> {
  let total = 0;
  async function* within(): AsyncGenerator<Buffer> {
    for await (const piece of bytes) {
      const from = Math.max(0, range.first - total);
      const to = Math.min(piece.length, range.last + 1 - total);
      total += piece.length;
      if (from < to) yield piece.subarray(from, to);
    }
  }
  const kept = await spool.keep(within());
  return { kept, total };
}

async function* decoded(wire: Readable, encoding: string): AsyncGenerator<Buffer> {
  const decoder = transferDecoder(encoding);
  for await (const piece of wire as AsyncIterable<Buffer>) {
    const ready = decoder.push(piece);
    if (ready.length > 0) yield ready;
  }
  const rest = decoder.end();
  if (rest.length > 0) yield rest;
}
