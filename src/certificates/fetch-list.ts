/** Fetches a list of revoked certificates: by HTTP, bounded, from the public internet alone. */
import { get as getHttp, type IncomingMessage } from "node:http";
import { get as getHttps } from "node:https";
import { isIP } from "node:net";
import { maxListBytes } from "./limits.ts";
import { isPublic, publicLookup } from "./public-address.ts";

/** From where lists may come, and how long it may take. */
export interface FetchOptions {
  /** Whether addresses that are not of the public internet are asked too. */
  readonly allowPrivate: boolean;
  readonly signal: AbortSignal;
}

/** The octets at an address; redirections are not followed. Throws when there are none. */
export async function fetchList(address: string, options: FetchOptions): Promise<Buffer> {
  const url = new URL(address);
  if (url.protocol !== "http:" && url.protocol !== "https:") {
    throw new Error("a list is not at an address of HTTP");
  }
  const host = url.hostname.replace(/^\[|\]$/g, "");
  // For an address no name is looked up.
  if (!options.allowPrivate && isIP(host) !== 0 && !isPublic(host)) {
    throw new Error("a list is at no server of the public internet");
  }
  const response = await request(url, options);
  return await bodyOf(response);
}

function request(url: URL, { allowPrivate, signal }: FetchOptions): Promise<IncomingMessage> {
  const lookup = allowPrivate ? {} : { lookup: publicLookup };
  const get = url.protocol === "https:" ? getHttps : getHttp;
  return new Promise((resolve, reject) => {
    get(url, { agent: false, signal, ...lookup }, resolve).on("error", reject);
  });
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let octets = 0;
  try {
    if (response.statusCode !== 200) throw new Error(`a list's server says ${response.statusCode}`);
    for await (const chunk of response as AsyncIterable<Buffer>) {
      octets += chunk.length;
      if (octets > maxListBytes) throw new Error("a list is too large");
      chunks.push(chunk);
    }
  } finally {
    response.destroy();
  }
  return Buffer.concat(chunks);
}
