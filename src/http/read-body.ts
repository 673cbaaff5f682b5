/** From bytes to a command's request. */
import { promisify } from "node:util";
import { gunzip as gunzipBy } from "node:zlib";
import { commands, type CommandName, type RequestOf } from "../../schemas/commands.ts";
import { atLeast } from "../../schemas/version.ts";
import { decode } from "../wbxml/decode.ts";
import type { Admitted } from "./admission.ts";
import { Refusal } from "./errors.ts";
import { bare } from "./outgoing.ts";

const gunzip = promisify(gunzipBy);

/** The body as it is meant; one client sends it compressed. Throws `Refusal` 413, 415, 400. */
export async function uncompressed(
  body: Buffer,
  encoding: string | undefined,
  maxBytes: number,
): Promise<Buffer> {
  const named = encoding?.trim().toLowerCase() ?? "identity";
  if (named === "identity" || body.length === 0) return body;
  if (named !== "gzip" && named !== "x-gzip") throw new Refusal(bare(415));
  try {
    return await gunzip(body, { maxOutputLength: maxBytes });
  } catch (error) {
    const tooLarge = error instanceof RangeError;
    throw new Refusal(bare(tooLarge ? 413 : 400), error instanceof Error ? error : undefined);
  }
}

/** The typed request; undefined for an empty body. Throws `WbxmlError`. */
export function readRequest<Name extends CommandName>(
  body: Buffer,
  contentType: string | undefined,
  admitted: Admitted & { readonly command: Name },
): RequestOf<Name> | undefined {
  const { command, version } = admitted;
  const { request, wbxmlSince } = commands[command];
  const isWbxml = wbxmlSince !== undefined && atLeast(version, wbxmlSince);
  if (isWbxml && !isMime(contentType)) {
    if (body.length === 0) return undefined;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoded by the schema of this command
    return decode<unknown>(body, request, version) as RequestOf<Name>;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the requests that are MIME have these elements
  return body.length === 0 ? undefined : (mimeRequest(body, admitted) as RequestOf<Name>);
}

function isMime(contentType: string | undefined): boolean {
  return contentType?.toLowerCase().startsWith("message/rfc822") ?? false;
}

/** What versions up to 12.1 say by the query and a body of MIME (MS-ASCMD 2.2.1.17, MS-ASHTTP 2.2.1.1.1.2.5). */
function mimeRequest(Mime: Buffer, { query: { parameters } }: Admitted): unknown {
  const { saveInSent, collectionId, itemId, longId, occurrence } = parameters;
  const source = { FolderId: collectionId, ItemId: itemId, LongId: longId, InstanceId: occurrence };
  return {
    ClientId: "",
    ...(saveInSent ? { SaveInSentItems: true } : {}),
    Source: source,
    Mime,
  };
}
