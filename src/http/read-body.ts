/** From bytes to a command's request. */
import { commands, type CommandName, type RequestOf } from "../../schemas/commands.ts";
import { atLeast } from "../../schemas/version.ts";
import { octetsOf, type StoredOctets } from "../kit/octets.ts";
import { decode } from "../wbxml/decode.ts";
import type { Admitted } from "./admission.ts";

/** The typed request; undefined for an empty body. Throws `WbxmlError`. */
export function readRequest<Name extends CommandName>(
  body: Buffer | StoredOctets,
  contentType: string | undefined,
  admitted: Admitted & { readonly command: Name },
): RequestOf<Name> | undefined {
  const { command, version } = admitted;
  const { request, wbxmlSince } = commands[command];
  const isEmpty = octetsOf(body).sizeBytes === 0;
  const isWbxml = wbxmlSince !== undefined && atLeast(version, wbxmlSince);
  if (isWbxml && !isMime(contentType)) {
    if (isEmpty) return undefined;
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- decoded by the schema of this command
    return decode<unknown>(body, request, version) as RequestOf<Name>;
  }
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the requests that are MIME have these elements
  return isEmpty ? undefined : (mimeRequest(body, admitted) as RequestOf<Name>);
}

function isMime(contentType: string | undefined): boolean {
  return contentType?.toLowerCase().startsWith("message/rfc822") ?? false;
}

/** What versions up to 12.1 say by the query and a body of MIME (MS-ASCMD 2.2.1.17, MS-ASHTTP 2.2.1.1.1.2.5). */
function mimeRequest(Mime: Buffer | StoredOctets, { query: { parameters } }: Admitted): unknown {
  const { saveInSent, collectionId, itemId, longId, occurrence } = parameters;
  const source = { FolderId: collectionId, ItemId: itemId, LongId: longId, InstanceId: occurrence };
  return {
    ClientId: "",
    ...(saveInSent ? { SaveInSentItems: true } : {}),
    Source: source,
    Mime,
  };
}
