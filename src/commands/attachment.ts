/** Attachments by FileReference, decoded from their transfer encoding as they stream in. */
import { Readable } from "node:stream";
import { findPart, tnefAttachment, tnefPlaceOf } from "../items/email/index.ts";
import { maxTnefBytes } from "../items/email/limits.ts";
import type { Part } from "../items/email/message.ts";
import { transferDecoder } from "../items/email/transfer.ts";
import type { FoundItem, Mailbox } from "../mailbox/mailbox.ts";
import type { Context } from "./context.ts";

/** An attachment's decoded bytes and what they are. */
export interface Attachment {
  readonly contentType: string;
  readonly bytes: Readable;
}

/** Opens the attachment that a FileReference names; undefined when it is gone or was never ours. */
export async function openAttachment(
  fileReference: string,
  { mailbox }: Context,
): Promise<Attachment | undefined> {
  const found = await mailbox.resolve(fileReference);
  if (found === undefined || found.section === "") return undefined;
  const [item] = await mailbox.list(found.collectionId, [found.number]);
  if (item === undefined) return undefined;
  const packed = tnefPlaceOf(item.structure, found.section);
  if (packed !== undefined) return await openPacked(found, packed, mailbox);
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
  const bytes = Readable.from(decoded(wire, part.encoding), { objectMode: false });
  return { contentType: `${part.type}/${part.subtype}`, bytes };
}

/** An attachment in a TNEF part, which is read whole: its size has a limit. */
async function openPacked(
  found: FoundItem,
  { part, index }: { readonly part: Part; readonly index: number },
  mailbox: Mailbox,
): Promise<Attachment | undefined> {
  const outer = await openPart({ ...found, section: part.section }, part, mailbox);
  if (outer === undefined) return undefined;
  const { data: tnef } = await readRange(outer.bytes, { first: 0, last: maxTnefBytes });
  const attachment = tnefAttachment(tnef, index);
  if (attachment === undefined) return undefined;
  const { contentType, data } = attachment;
  return { contentType, bytes: Readable.from([data], { objectMode: false }) };
}

/** The bytes of a range of a stream, and how long the whole stream is. */
export async function readRange(
  bytes: Readable,
  range: { readonly first: number; readonly last: number },
): Promise<{ readonly data: Buffer; readonly total: number }> {
  const pieces: Buffer[] = [];
  let total = 0;
  for await (const piece of bytes as AsyncIterable<Buffer>) {
    const from = Math.max(0, range.first - total);
    const to = Math.min(piece.length, range.last + 1 - total);
    if (from < to) pieces.push(piece.subarray(from, to));
    total += piece.length;
  }
  return { data: Buffer.concat(pieces), total };
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
