/** Answers by gzip for clients that take it (MS-ASHTTP 2.2.2.1.2.2, R214). */
import { promisify } from "node:util";
import { gzip as gzipBy } from "node:zlib";
import * as limits from "./limits.ts";
import { wbxmlType, type Outgoing } from "./outgoing.ts";

const gzip = promisify(gzipBy);

/** The answer as it goes out to a client with this Accept-Encoding; large WBXML becomes smaller. */
export async function compressed(
  outgoing: Outgoing,
  acceptEncoding: string | undefined,
): Promise<Outgoing> {
  const { headers, body } = outgoing;
  if (!Buffer.isBuffer(body) || headers["Content-Type"] !== wbxmlType) return outgoing;
  const { minCompressedBytes, maxCompressedBytes } = limits;
  if (body.length < minCompressedBytes || body.length > maxCompressedBytes) return outgoing;
  if (!takesGzip(acceptEncoding ?? "")) return outgoing;
  const smaller = await gzip(body);
  if (smaller.length >= body.length) return outgoing;
  return { ...outgoing, headers: { ...headers, "Content-Encoding": "gzip" }, body: smaller };
}

/** Whether an Accept-Encoding names gzip, or anything, and does not refuse it (RFC 9110 12.5.3). */
export function takesGzip(acceptEncoding: string): boolean {
  const weights = new Map<string, boolean>();
  for (const entry of acceptEncoding.toLowerCase().split(",")) {
    const [coding = "", ...parameters] = entry.split(";").map((part) => part.trim());
    const isRefused = parameters.some((parameter) => /^q=0(?:\.0*)?$/.test(parameter));
    weights.set(coding, !isRefused);
  }
  return weights.get("gzip") ?? weights.get("x-gzip") ?? weights.get("*") ?? false;
}
