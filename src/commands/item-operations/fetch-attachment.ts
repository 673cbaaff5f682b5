/** Fetch of an attachment by FileReference (MS-ASCMD 2.2.3.8). */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import { base64Of } from "../../kit/base64.ts";
import { LongText, octetsOf, type Octets } from "../../kit/octets.ts";
import { everything, keepRange, openAttachment, type Range } from "../attachment.ts";
import type { Context } from "../context.ts";
import type { Answered, Fetch } from "./fetched.ts";
import type { Parts } from "./parts.ts";

const status = commandStatus.ItemOperations;

/** The attachment's bytes, or the asked range of them. */
export async function fetchAttachment(
  reference: string,
  asked: Fetch,
  { context, parts }: { context: Context; parts: Parts | undefined },
): Promise<Answered> {
  const range = rangeOf(asked.Options[0]?.Range);
  const attachment = await openAttachment(reference, context);
  if (attachment === undefined) throw new StatusError(status.InvalidAttachment);
  const { kept, total } = await keepRange(attachment.bytes, range ?? everything, context.spool);
  if (range !== undefined && range.first >= total) throw new StatusError(status.InvalidRange);
  const last = (range?.first ?? 0) + octetsOf(kept).sizeBytes - 1;
  const told = range && { Range: `${range.first}-${last}`, Total: total };
  const ContentType = attachment.contentType;
  // MS-ASCMD 2.2.3.39.2: Data of an attachment is base64; as a part of its own it is raw.
  const content = parts === undefined ? { Data: base64(kept) } : { Part: parts.add(kept) };
  return { Properties: { ...told, ContentType, ...content } };
}

function base64(bytes: Buffer | Octets): string | LongText {
  return Buffer.isBuffer(bytes) ? bytes.toString("base64") : new LongText(base64Of(bytes));
}

/** "m-n", zero-based and inclusive (MS-ASCMD 2.2.3.143.2). */
function rangeOf(text: string | undefined): Range | undefined {
  if (text === undefined) return undefined;
  const [, first, last] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (first === undefined || range.first > range.last) throw new StatusError(status.InvalidRange);
  return range;
}
