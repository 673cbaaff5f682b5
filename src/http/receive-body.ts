/** The body of a request as it comes in: uncompressed, and on disk where it is too large for memory. */
import type { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { pieceBytes, type StoredOctets } from "../kit/octets.ts";
import { TooLarge, type Spool } from "../kit/spool.ts";
import { Refusal } from "./errors.ts";
import { bare } from "./outgoing.ts";

/** What is known of a body before it comes, and where it is kept. */
export interface Receiving {
  /** Content-Encoding; one client sends its bodies by gzip. */
  readonly encoding: string | undefined;
  /** Content-Length. */
  readonly length: string | undefined;
  readonly maxBytes: number;
  readonly spool: Spool;
  /** Called when nothing speaks against the body. */
  readonly goOn: () => void;
}

/** A body as it is meant, and how many bytes of it came. */
export interface ReceivedBody {
  readonly body: Buffer | StoredOctets;
  readonly bytesIn: number;
}

/** Reads a body. Throws `Refusal` 413, 415, 400, and `SpoolFull`. */
export async function receiveBody(payload: Readable, how: Receiving): Promise<ReceivedBody> {
  const isPacked = isGzip(how.encoding);
  if (Number(how.length) > how.maxBytes) throw new Refusal(bare(413));
  how.goOn();
  let bytesIn = 0;
  async function* counted(): AsyncGenerator<Buffer> {
    // A stream that was destroyed takes its connection along, and the answer with it.
    const pieces: AsyncIterable<Buffer> = payload.iterator({ destroyOnReturn: false });
    for await (const piece of pieces) {
      bytesIn += piece.length;
      if (bytesIn > how.maxBytes) throw new TooLarge();
      yield piece;
    }
  }
  try {
    const pieces = isPacked ? unpacked(counted()) : counted();
    return { body: await how.spool.keep(pieces, how.maxBytes), bytesIn };
  } catch (error) {
    throw refusal(error);
  }
}

/** Throws `Refusal` 415. */
function isGzip(encoding: string | undefined): boolean {
  const named = encoding?.trim().toLowerCase() ?? "identity";
  if (named === "identity") return false;
  if (named === "gzip" || named === "x-gzip") return true;
  throw new Refusal(bare(415));
}

/** An empty body is empty in any encoding. */
async function* unpacked(packed: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  const first = await packed.next();
  if (first.done === true) return;
  async function* again(): AsyncGenerator<Buffer> {
    yield first.value;
    yield* packed;
  }
  const gunzip = createGunzip({ chunkSize: pieceBytes });
  const done = pipeline(again(), gunzip).catch((error: unknown) => gunzip.destroy(asError(error)));
  yield* gunzip as AsyncIterable<Buffer>;
  await done;
}

/** Gzip that is none, and a body that breaks off, are the client's fault. */
function refusal(error: unknown): unknown {
  if (error instanceof TooLarge) return new Refusal(bare(413), error);
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const isTheirs =
    code.startsWith("Z_") || code === "ECONNRESET" || code === "ERR_STREAM_PREMATURE_CLOSE";
  return isTheirs ? new Refusal(bare(400), asError(error)) : error;
}

function asError(reason: unknown): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
