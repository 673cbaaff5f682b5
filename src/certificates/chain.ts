/** From a certificate up to an authority that is trusted (RFC 5280 6.1). */
import type { Authorities } from "./authorities.ts";
import type { Certificate } from "./certificate.ts";
import { maxChainLength, maxSignatures } from "./limits.ts";

/** The chain of a certificate, itself first; or why there is none. */
export type Chain =
  | { readonly certificates: readonly Certificate[] }
  | { readonly fault: "bad signature" | "untrusted" | "incomplete chain" };

/** The fault that tells most, of several tries. */
const weights = { "incomplete chain": 1, "bad signature": 2, untrusted: 3 } as const;

/** Looks for a chain over certificates that came along. */
export function findChain(
  leaf: Certificate,
  others: readonly Certificate[],
  authorities: Authorities,
): Chain {
  return new Search(others, authorities).from([leaf]);
}

class Search {
  readonly #others: readonly Certificate[];
  readonly #authorities: Authorities;
  #signatures = 0;

  constructor(others: readonly Certificate[], authorities: Authorities) {
    this.#others = others;
    this.#authorities = authorities;
  }

  /** Goes on at the last certificate of a chain. */
  from(chain: readonly Certificate[]): Chain {
    const last = chain.at(-1);
    if (last === undefined || chain.length > maxChainLength) return { fault: "incomplete chain" };
    if (this.#authorities.has(last)) return { certificates: chain };
    const authority = this.#signerOf(last, this.#authorities.named(last.issuer));
    if (authority !== undefined) return { certificates: [...chain, authority] };
    if (last.issuer === last.subject) {
      return { fault: this.#hasSigned(last, last) ? "untrusted" : "bad signature" };
    }
    return this.#overOthers(chain, last);
  }

  #overOthers(chain: readonly Certificate[], last: Certificate): Chain {
    const named = this.#others.filter(({ subject }) => subject === last.issuer);
    const fresh = named.filter(
      (each) => !chain.some((one) => one.fingerprint === each.fingerprint),
    );
    const hasName = named.length > 0 || this.#authorities.named(last.issuer).length > 0;
    let best: Chain = { fault: hasName ? "bad signature" : "incomplete chain" };
    for (const issuer of fresh) {
      if (!this.#hasSigned(issuer, last)) continue;
      const found = this.from([...chain, issuer]);
      if ("certificates" in found) return found;
      if (weights[found.fault] > weights[best.fault] || best.fault === "bad signature")
        best = found;
    }
    return best;
  }

  #signerOf(certificate: Certificate, candidates: readonly Certificate[]): Certificate | undefined {
    return candidates.find((each) => this.#hasSigned(each, certificate));
  }

  #hasSigned(issuer: Certificate, certificate: Certificate): boolean {
    if (++this.#signatures > maxSignatures) return false;
    return issuer.hasSigned(certificate);
  }
}
