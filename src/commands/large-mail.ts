/** Whole mails that are too large for memory, on their way into the body of an item. */
import { withoutTornEnd } from "../items/email/charset.ts";
import { isCleanText, longestCharacterBytes } from "../items/email/clean-text.ts";
import type { PartFetched, PartWanted } from "../items/email/message.ts";
import { octetsOf, sliceOf, wholeOf, type Octets } from "../kit/octets.ts";
import type { Context } from "./context.ts";
import type { Numbering } from "../mailbox/mailbox.ts";
import { heldMailBytes } from "./limits.ts";

/** Whether a part is a whole mail that is not held in memory. */
export function isLargeMail({ section, maxBytes = Infinity }: PartWanted): boolean {
  return section === "" && maxBytes > heldMailBytes;
}

/** Reads a whole mail, or the beginning that is wanted, into the spool; undefined when it is gone. */
export async function fetchLargeMail(
  { mailbox, spool }: Context,
  numbering: Numbering,
  wanted: PartWanted,
): Promise<PartFetched | undefined> {
  const { number, maxBytes } = wanted;
  const found = await mailbox.resolve((await mailbox.references(numbering))(number, ""));
  const wire = found && (await mailbox.openPart(found));
  if (wire === undefined) return undefined;
  const kept = octetsOf(await spool.keep(beginning(wire as AsyncIterable<Buffer>, maxBytes)));
  const octets = kept.sizeBytes === maxBytes ? await withoutTorn(kept) : kept;
  const bytes = await wholeOf(sliceOf(octets, 0, heldMailBytes));
  return { ...wanted, bytes, whole: { octets, isText: await isCleanText(octets) } };
}

/** Cut between characters. */
async function withoutTorn(octets: Octets): Promise<Octets> {
  const tail = await wholeOf(
    sliceOf(octets, Math.max(0, octets.sizeBytes - longestCharacterBytes)),
  );
  return sliceOf(octets, 0, octets.sizeBytes - tail.length + withoutTornEnd(tail).length);
}

async function* beginning(
  wire: AsyncIterable<Buffer>,
  maxBytes = Infinity,
): AsyncGenerator<Buffer> {
  let left = maxBytes;
  for await (const piece of wire) {
    yield piece.subarray(0, left);
    left -= piece.length;
    if (left <= 0) return;
  }
}
