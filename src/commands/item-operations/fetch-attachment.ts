/** Fetch of an attachment by FileReference (MS-ASCMD 2.2.3.8). */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import { openAttachment, readRange } from "../attachment.ts";
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
  const { data, total } = await readRange(attachment.bytes, range ?? everything);
  if (range !== undefined && range.first >= total) throw new StatusError(status.InvalidRange);
  const told = range && { Range: `${range.first}-${range.first + data.length - 1}`, Total: total };
  const ContentType = attachment.contentType;
  // MS-ASCMD 2.2.3.39.2: Data of an attachment is base64; as a part of its own it is raw.
  const content =
    parts === undefined ? { Data: data.toString("base64") } : { Part: parts.add(data) };
  return { Properties: { ...told, ContentType, ...content } };
}

interface Range {
  readonly first: number;
  readonly last: number;
}

const everything: Range = { first: 0, last: Number.MAX_SAFE_INTEGER };

/** "m-n", zero-based and inclusive (MS-ASCMD 2.2.3.143.2). */
function rangeOf(text: string | undefined): Range | undefined {
  if (text === undefined) return undefined;
  const [, first, last] = /^(\d{1,15})-(\d{1,15})$/.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (first === undefined || range.first > range.last) throw new StatusError(status.InvalidRange);
  return range;
}
