/** Where a request comes from: the first hop from the right that is no trusted proxy. */
import { BlockList, isIP, isIPv6 } from "node:net";
import { maxForwardedHops } from "./limits.ts";

/** The headers that proxies write. */
export interface ForwardedHeaders {
  readonly forwarded?: string | undefined;
  readonly xForwardedFor?: string | undefined;
}

/** Proxies whose word is taken. */
export class TrustedProxies {
  readonly #trusted = new BlockList();

  /** Networks as "10.0.0.0/8" or single addresses. */
  constructor(networks: readonly string[]) {
    for (const network of networks) {
      const [address = "", prefix] = network.split("/");
      const family = isIPv6(address) ? "ipv6" : "ipv4";
      if (prefix === undefined) this.#trusted.addAddress(address, family);
      else this.#trusted.addSubnet(address, Number(prefix), family);
    }
  }

  /** The client's address, given the address of the socket and what was forwarded. */
  clientAddress(socketAddress: string, headers: ForwardedHeaders): string {
    let address = plain(socketAddress);
    // RFC 7239 is the newer one; a proxy that writes it is believed before one that only adds to the old header.
    const hops =
      headers.forwarded === undefined
        ? listHops(headers.xForwardedFor ?? "")
        : forwardedHops(headers.forwarded);
    for (const hop of hops.slice(-maxForwardedHops).toReversed()) {
      if (!this.#trusts(address) || isIP(hop) === 0) return address;
      address = hop;
    }
    return address;
  }

  #trusts(address: string): boolean {
    return this.#trusted.check(address, isIPv6(address) ? "ipv6" : "ipv4");
  }
}

function listHops(header: string): string[] {
  return header === "" ? [] : header.split(",").map((hop) => plain(hop));
}

/** `for=192.0.2.60;proto=https, for="[2001:db8::1]:4711"` (RFC 7239 4). */
function forwardedHops(header: string): string[] {
  return header.split(",").map((element) => {
    const node = /(?:^|;)\s*for\s*=\s*("[^"]*"|[^;\s]+)/i.exec(element)?.[1] ?? "";
    return plain(node.replaceAll('"', ""));
  });
}

/** Without port, brackets and the IPv4-in-IPv6 prefix of a double-stack socket. */
function plain(node: string): string {
  const text = node.trim();
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(text)?.[1];
  const address =
    bracketed ?? (/^[\d.]+:\d+$/.test(text) ? text.slice(0, text.indexOf(":")) : text);
  return address.replace(/^::ffff:(?=\d+\.)/i, "");
}
