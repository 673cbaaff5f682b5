/** ItemOperations (MS-ASCMD 2.2.1.10): whole items and attachments, each with a Status of its own. */
import { commandStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import { BackendError } from "../backend.ts";
import { itemNumber } from "../mailbox/mailbox.ts";
import { openAttachment, readRange } from "./attachment.ts";
import { mapMails } from "./content.ts";
import { MultipartAnswer, type Context } from "./context.ts";
import { endsRequest } from "./faults.ts";
import { maxOperations, operationsBudgetBytes } from "./limits.ts";

type Request = RequestOf<"ItemOperations">;
type Response = ResponseOf<"ItemOperations">;
type Fetch = Request["Fetch"][number];
type Fetched = NonNullable<Response["Response"]>["Fetch"][number];
type Properties = NonNullable<Fetched["Properties"]>;

const status = commandStatus.ItemOperations;

/** Answers an ItemOperations; in multipart form when the device accepts it (MS-ASCMD 2.2.1.10.1). */
export async function handleItemOperations(
  request: Request | undefined,
  context: Context,
): Promise<Response | MultipartAnswer<Response>> {
  const count = operationCount(request);
  if (request === undefined || count === 0) throw new StatusError(status.ProtocolError);
  // MS-ASCMD 3.1.5.10, R7490.
  if (count > maxOperations) throw new StatusError(status.TooLarge);
  const parts = context.parameters.acceptMultiPart ? new Parts() : undefined;
  const Fetch = await fetchAll(request.Fetch, context, parts);
  const response: Response = {
    Status: status.Success,
    Response: { Fetch, ...refusedOperations(request) },
  };
  return parts === undefined ? response : new MultipartAnswer(response, parts.bytes);
}

function operationCount(request: Request | undefined): number {
  if (request === undefined) return 0;
  return request.Fetch.length + request.EmptyFolderContents.length + request.Move.length;
}

/** Not handled by this server: each is told so, the fetches beside them are answered. */
function refusedOperations(request: Request) {
  const Status = status.ActionNotSupported;
  return {
    EmptyFolderContents: request.EmptyFolderContents.map(({ CollectionId }) => ({
      Status,
      CollectionId,
    })),
    Move: request.Move.map(({ ConversationId = Buffer.alloc(0) }) => ({ Status, ConversationId })),
  };
}

/** Bodies and attachments that go beside the XML, numbered from 1: part 0 is the XML itself. */
class Parts {
  readonly bytes: Buffer[] = [];
  octets = 0;

  add(bytes: Buffer): number {
    this.octets += bytes.length;
    return this.bytes.push(bytes);
  }
}

/** Items in their order, as long as the answer is not too large: the rest can be asked for again. */
async function fetchAll(
  all: readonly Fetch[],
  context: Context,
  parts: Parts | undefined,
): Promise<Fetched[]> {
  const fetched: Fetched[] = [];
  let octets = 0;
  for (const asked of all) {
    const isFull = octets + (parts?.octets ?? 0) > operationsBudgetBytes;
    const one = isFull
      ? { Status: status.TooLarge, ...namesOf(asked) }
      : await fetchOne(asked, context, parts);
    fetched.push(one);
    octets += octetsOf(one);
  }
  return fetched;
}

function octetsOf({ Properties }: Fetched): number {
  return (Properties?.Data?.length ?? 0) + (Properties?.Email?.Body?.Data?.length ?? 0);
}

async function fetchOne(
  asked: Fetch,
  context: Context,
  parts: Parts | undefined,
): Promise<Fetched> {
  const names = namesOf(asked);
  try {
    const { Properties, ...own } =
      asked.FileReference === undefined
        ? await fetchMail(asked, context, parts)
        : await fetchAttachment(asked.FileReference, asked, { context, parts });
    return { Status: status.Success, ...names, ...own, Properties };
  } catch (error) {
    return { Status: statusOf(error, context), ...names };
  }
}

function statusOf(error: unknown, { log, signal }: Context): number {
  if (endsRequest(error, signal)) throw error;
  if (error instanceof StatusError) return error.status;
  if (error instanceof BackendError) return status.NotFound;
  log.error({ err: error }, "an item could not be fetched");
  return status.ServerError;
}

/** The names that the device gave go back with the answer. */
function namesOf({ CollectionId, ServerId, LongId, FileReference }: Fetch) {
  return { CollectionId, ServerId, LongId, FileReference };
}

interface Answered {
  readonly Class?: string;
  readonly Properties: Properties;
}

async function fetchAttachment(
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

async function fetchMail(
  asked: Fetch,
  context: Context,
  parts: Parts | undefined,
): Promise<Answered> {
  if (asked.Store.toLowerCase() !== "mailbox") throw new StatusError(status.UnknownStore);
  const { collectionId, number } = await nameOf(asked, context);
  const items = await context.mailbox.list(collectionId, [number]);
  if (items.length === 0) throw new StatusError(status.NotFound);
  const options = asked.Options[0];
  const mapped = await mapMails(context, collectionId, items, {
    version: context.version,
    preferences: options?.BodyPreference ?? [],
    mimeSupport: options?.MIMESupport ?? 0,
  });
  const email = mapped.data.get(number);
  if (email === undefined) {
    context.log.warn({ collectionId, number, err: mapped.unmapped[0]?.error }, "not convertible");
    throw new StatusError(status.ConversionFailed);
  }
  const Email = parts === undefined ? email : beside(email, parts);
  return { Class: "Email", Properties: { Email } };
}

/** In a multipart answer the body's Data is a part of its own (MS-ASAIRS 2.2.2.33). */
function beside(email: NonNullable<Properties["Email"]>, parts: Parts): typeof email {
  const { Data, ...body } = email.Body ?? {};
  if (Data === undefined) return email;
  const bytes = typeof Data === "string" ? Buffer.from(Data, "utf8") : Data;
  return { ...email, Body: { ...body, Part: parts.add(bytes) } };
}

async function nameOf(
  asked: Fetch,
  context: Context,
): Promise<{ readonly collectionId: string; readonly number: number }> {
  if (asked.LongId !== undefined) {
    const found = await context.mailbox.resolve(asked.LongId);
    if (found === undefined) throw new StatusError(status.NotFound);
    return found;
  }
  const { CollectionId, ServerId } = asked;
  if (CollectionId === undefined || ServerId === undefined) {
    throw new StatusError(status.ProtocolError);
  }
  const number = itemNumber(CollectionId, ServerId);
  const folder = await context.mailbox.folder(CollectionId);
  if (number === undefined || folder === undefined) throw new StatusError(status.NotFound);
  return { collectionId: CollectionId, number };
}
