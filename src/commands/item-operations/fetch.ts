/** The fetches of an ItemOperations (MS-ASCMD 2.2.3.67.1), within a budget. */
import { commandStatus, StatusError } from "../../../schemas/status.ts";
import { BackendError } from "../../backend.ts";
import type { Context } from "../context.ts";
import { endsRequest } from "../faults.ts";
import { operationsBudgetBytes } from "../limits.ts";
import { fetchAttachment } from "./fetch-attachment.ts";
import { fetchMail } from "./fetch-mail.ts";
import { sizeOf, type Fetch, type Fetched } from "./fetched.ts";
import type { Parts } from "./parts.ts";

const status = commandStatus.ItemOperations;

/** Fetches items as long as the answer is not too large: the rest can be asked for again. */
export class Fetcher {
  readonly #context: Context;
  readonly #parts: Parts | undefined;
  #octets = 0;

  constructor(context: Context, parts: Parts | undefined) {
    this.#context = context;
    this.#parts = parts;
  }

  /** The next item, or why it is not had. */
  async fetch(asked: Fetch): Promise<Fetched> {
    const isFull = this.#octets + (this.#parts?.octets ?? 0) > operationsBudgetBytes;
    if (isFull) return { Status: status.TooLarge, ...namesOf(asked) };
    const fetched = await fetchOne(asked, this.#context, this.#parts);
    this.#octets += octetsOf(fetched);
    return fetched;
  }
}

function octetsOf({ Properties }: Fetched): number {
  const { Body, BodyPart } = Properties?.Email ?? {};
  const contents = [Properties?.Data, Body?.Data, BodyPart?.Data];
  return contents.reduce((octets: number, content) => octets + sizeOf(content), 0);
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
