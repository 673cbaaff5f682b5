/** Tells the two forms of the query apart (MS-ASHTTP 2.2.1.1.1). */
import { parseBase64Query } from "./base64-query.ts";
import { maxQueryLength } from "./limits.ts";
import { parsePlainQuery } from "./plain-query.ts";
import { InvalidQuery, type Query } from "./query.ts";

/** Reads the part of a URL after its question mark. Throws `InvalidQuery`. */
export function parseQuery(raw: string): Query {
  if (raw.length > maxQueryLength) throw new InvalidQuery("The query is too long");
  return isPlain(raw) ? parsePlainQuery(raw) : parseBase64Query(raw);
}

/** Base64 has no "&" and "=" only at its end; a plain query begins with a name and a value. */
function isPlain(raw: string): boolean {
  return /^[A-Za-z]*=[^=]/.test(raw) || raw.includes("&");
}
