/** What a mail and its copies have in common. */
import { createHash } from "node:crypto";
import type { NumberRange } from "../../feed.ts";
import type { Argument, ImapConnection, Parsed, Untagged } from "./connection.ts";
import { rangesPerCommand } from "./limits.ts";
import { atom, formatRanges, isList, pairsOf, textOf } from "./tokens.ts";

const messageIdField = {
  type: "ATOM",
  value: "BODY.PEEK",
  section: [atom("HEADER.FIELDS"), [atom("MESSAGE-ID")]],
} as const;

const described: readonly Argument[] = [
  ...["UID", "INTERNALDATE", "RFC822.SIZE"].map(atom),
  messageIdField,
];

/**
 * Identities of the mails of the selected folder: EMAILID (RFC 8474), else Message-ID, size and the moment of
 * arrival, which a copy keeps (RFC 3501 6.4.7) and the same mail delivered once more has not.
 */
export async function identitiesOf(
  connection: ImapConnection,
  ranges: readonly NumberRange[],
): Promise<ReadonlyMap<number, string>> {
  const hasIds = connection.has("OBJECTID");
  const items = hasIds ? [atom("UID"), atom("EMAILID")] : described;
  const identities = new Map<number, string>();
  const hear = ({ attributes }: Untagged): void => {
    const pairs = pairsOf(attributes?.[1]);
    const number = Number(textOf(pairs.get("UID")));
    const identity = hasIds ? emailId(pairs) : description(pairs);
    // "low:high" beyond the last UID would name the last item (RFC 3501 6.4.8).
    const isAsked = ranges.some(({ low, high }) => low <= number && number <= high);
    if (identity !== undefined && isAsked) identities.set(number, identity);
  };
  for (let at = 0; at < ranges.length; at += rangesPerCommand) {
    const sequence = formatRanges(ranges.slice(at, at + rangesPerCommand));
    await connection.exec("UID FETCH", [{ type: "SEQUENCE", value: sequence }, items], {
      FETCH: hear,
    });
  }
  return identities;
}

type Pairs = ReadonlyMap<string, Parsed>;

function emailId(pairs: Pairs): string | undefined {
  const value = pairs.get("EMAILID");
  return textOf(isList(value) ? value[0] : value);
}

/** A FETCH without the size is news of another client, not an answer. */
function description(pairs: Pairs): string | undefined {
  const size = textOf(pairs.get("RFC822.SIZE"));
  if (size === undefined) return undefined;
  const messageId = (textOf(pairs.get("BODY")) ?? "").replace(/^[^:]*:/, "").trim();
  const date = new Date(textOf(pairs.get("INTERNALDATE")) ?? "").getTime();
  const kept = JSON.stringify([size, messageId, date]);
  return createHash("sha256").update(kept).digest("base64url");
}
