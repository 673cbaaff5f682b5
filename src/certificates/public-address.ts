/** Which addresses of servers are reached: those of the public internet, so that nobody's request is turned inward. */
import { lookup, type LookupAddress } from "node:dns";
import { BlockList, isIP, type LookupFunction } from "node:net";

const inward = new BlockList();
const subnets = [
  ["0.0.0.0", 8],
  ["10.0.0.0", 8],
  ["100.64.0.0", 10],
  ["127.0.0.0", 8],
  ["169.254.0.0", 16],
  ["172.16.0.0", 12],
  ["192.0.0.0", 24],
  ["192.0.2.0", 24],
  ["192.168.0.0", 16],
  ["198.18.0.0", 15],
  ["198.51.100.0", 24],
  ["203.0.113.0", 24],
  ["224.0.0.0", 3],
  ["::", 127],
  ["64:ff9b::", 96],
  ["64:ff9b:1::", 48],
  ["100::", 64],
  ["2001::", 23],
  ["2001:db8::", 32],
  ["2002::", 16],
  ["fc00::", 7],
  ["fe80::", 9],
  ["ff00::", 8],
] as const;
for (const [net, prefix] of subnets) {
  inward.addSubnet(net, prefix, net.includes(":") ? "ipv6" : "ipv4");
}

/** Whether an address is one of the public internet; IPv4 within IPv6 counts as what it is. */
export function isPublic(address: string): boolean {
  const family = isIP(address);
  if (family === 0) return false;
  return !inward.check(address, family === 4 ? "ipv4" : "ipv6");
}

/** Names are looked up here, and what is connected to is what was judged. */
export const publicLookup: LookupFunction = (hostname, options, callback) => {
  lookup(hostname, { ...options, all: true }, (error, addresses) => {
    const found: LookupAddress[] = error === null ? addresses : [];
    const [first] = found;
    const refusal = error ?? refusalOf(hostname, found);
    if (refusal !== undefined || first === undefined) {
      callback(refusal ?? new Error(`${hostname} has no address`), "", 0);
    } else if (options.all === true) callback(null, found);
    else callback(null, first.address, first.family);
  });
};

function refusalOf(hostname: string, found: readonly LookupAddress[]): Error | undefined {
  if (found.every(({ address }) => isPublic(address))) return undefined;
  return new Error(`${hostname} is no server of the public internet`);
}
