/** Whether certificates were revoked, by the lists of their authorities (RFC 5280 6.3). */
import { PemConverter, X509Crl } from "@peculiar/x509";
import { within } from "../kit/abort.ts";
import { BoundedMap } from "../kit/bounded-map.ts";
import type { Clock } from "../kit/clock.ts";
import type { Certificate } from "./certificate.ts";
import { fetchList } from "./fetch-list.ts";
import { clockSkewMs, fetchMs, listKeptMs, maxKeptLists, maxOffline, offlineMs } from "./limits.ts";

/** What is known of a certificate. */
export type Revocation = "not revoked" | "revoked" | "server offline" | "unknown";

/** How long somebody waits for lists. */
export interface Patience {
  /** The moment after which no list is fetched any more. */
  readonly fetchUntilMs: number;
  readonly signal: AbortSignal;
}

/** Where lists come from. */
export interface RevocationOptions {
  readonly clock: Clock;
  /** Whether lists are fetched at all. */
  readonly fetches: boolean;
  /** Whether addresses that are not of the public internet are asked too. */
  readonly allowPrivate: boolean;
}

/** The lists of authorities, kept for a while. */
export class Revocations {
  readonly #options: RevocationOptions;
  readonly #kept: BoundedMap<string, Buffer>;
  readonly #offline: BoundedMap<string, true>;

  constructor(options: RevocationOptions) {
    this.#options = options;
    this.#kept = new BoundedMap(options.clock, maxKeptLists);
    this.#offline = new BoundedMap(options.clock, maxOffline);
  }

  /** What the lists say of a certificate that this authority has signed. */
  async of(certificate: Certificate, issuer: Certificate, patience: Patience): Promise<Revocation> {
    if (!this.#options.fetches) return "unknown";
    let isOffline = false;
    for (const address of certificate.lists) {
      const bytes = await this.#list(address, patience);
      const found = bytes === undefined ? undefined : await this.#judge(bytes, certificate, issuer);
      if (found !== undefined) return found;
      isOffline ||= bytes === undefined;
    }
    return isOffline ? "server offline" : "unknown";
  }

  async #list(address: string, { fetchUntilMs, signal }: Patience): Promise<Buffer | undefined> {
    const kept = this.#kept.get(address);
    const { clock, allowPrivate } = this.#options;
    const isLate = clock.now() >= fetchUntilMs || this.#offline.get(address) === true;
    if (kept !== undefined || isLate) return kept;
    try {
      const bytes = await within(clock, fetchMs, (late) =>
        fetchList(address, { allowPrivate, signal: AbortSignal.any([late, signal]) }),
      );
      this.#kept.set(address, bytes, listKeptMs);
      return bytes;
    } catch {
      signal.throwIfAborted();
      this.#offline.set(address, true, offlineMs);
      return undefined;
    }
  }

  /** Undefined: the list is not this authority's, or of another time. */
  async #judge(
    bytes: Buffer,
    certificate: Certificate,
    issuer: Certificate,
  ): Promise<Revocation | undefined> {
    const list = readList(bytes);
    if (list === undefined || list.issuer !== issuer.extended.subject) return undefined;
    if (!this.#isCurrent(list)) return undefined;
    const isGenuine = await list.verify({ publicKey: issuer.extended }).catch(() => false);
    if (!isGenuine) return undefined;
    return list.findRevoked(certificate.serialNumber) === null ? "not revoked" : "revoked";
  }

  #isCurrent({ thisUpdate, nextUpdate }: X509Crl): boolean {
    const now = this.#options.clock.now();
    if (thisUpdate.getTime() - clockSkewMs > now) return false;
    return nextUpdate === undefined || now <= nextUpdate.getTime() + clockSkewMs;
  }
}

/** DER, as it should be, or PEM, as some servers have it. */
function readList(bytes: Buffer): X509Crl | undefined {
  try {
    const text = bytes.subarray(0, 20).toString("latin1");
    if (!text.startsWith("-----BEGIN")) return new X509Crl(bytes);
    const [der] = PemConverter.decode(bytes.toString("latin1"));
    return der === undefined ? undefined : new X509Crl(der);
  } catch {
    return undefined;
  }
}
