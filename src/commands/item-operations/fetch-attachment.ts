/** Fetch of an attachment by FileReference (MS-ASCMD 2.2.3.8). */
import { attachmentOptions } from "../../../schemas/item-operations.ts";
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import { base64Of } from "../../kit/base64.ts";
import { Utf8Text, octetsOf, type Octets } from "../../kit/octets.ts";
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
  const range = rangeOf(rangeAlone(asked.Options[0]));
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

function base64(bytes: Buffer | Octets): string | Utf8Text {
  return Buffer.isBuffer(bytes) ? bytes.toString("base64") : new Utf8Text(base64Of(bytes));
}

/** The Range, with which no option stands that an attachment does not have. */
function rangeAlone(options: Fetch["Options"][number] | undefined): string | undefined {
  const told = Object.entries(options ?? {}).filter(([, value]) => !isNothing(value));
  if (told.every(([name]) => attachmentOptions.has(name))) return options?.Range;
  throw new StatusError(status.ProtocolError);
}

function isNothing(value: unknown): boolean {
  return value === undefined || (Array.isArray(value) && value.length === 0);
}

/** In digits whose numbers are exact. */
const rangeForm = /^(\d{1,15})-(\d{1,15})$/;

/** Whether a Range has the form of one (MS-ASCMD 2.2.3.143.2, R3711), whatever its numbers. */
export function isRange(text: string | undefined): boolean {
  return text === undefined || rangeForm.test(text);
}

/** "m-n", zero-based and inclusive (MS-ASCMD 2.2.3.143.2). */
function rangeOf(text: string | undefined): Range | undefined {
  if (text === undefined) return undefined;
  const [, first, last] = rangeForm.exec(text) ?? [];
  const range = { first: Number(first), last: Number(last) };
  if (first === undefined || range.first > range.last) throw new StatusError(status.InvalidRange);
  return range;
}
