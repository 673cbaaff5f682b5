/** Checks certificates of signed mail: chain, times, purpose, revocation (MS-ASCMD 2.2.1.22, RFC 5280 6). */
import type { Clock } from "../kit/clock.ts";
import { authoritiesOf, commonAuthorities, type Authorities } from "./authorities.ts";
import { Certificate } from "./certificate.ts";
import { findChain } from "./chain.ts";
import { clockSkewMs } from "./limits.ts";
import { Revocations, type Patience } from "./revocation.ts";

/** What is wrong with a certificate; "good": nothing. */
export type Verdict =
  | "good"
  | "malformed"
  | "malformed chain"
  | "bad signature"
  | "untrusted"
  | "incomplete chain"
  | "expired"
  | "chain expired"
  | "wrong role"
  | "wrong use"
  | "not for signing mail"
  | "revoked"
  | "chain revoked"
  | "revocation server offline"
  | "revocation unknown";

/** What certificates are checked with. */
export interface CheckerOptions {
  readonly clock: Clock;
  /** PEM text of further authorities to trust. */
  readonly ca: string | undefined;
  /** Whether lists of revoked certificates are fetched. */
  readonly fetchRevocationLists: boolean;
  /** Whether they may be at addresses that are not of the public internet. */
  readonly privateRevocationServers: boolean;
}

/** What one certificate is checked with. */
export interface CheckRequest extends Patience {
  /** Certificates in DER that may lead to an authority. */
  readonly chain: readonly Buffer[];
  /** Whether a revocation that cannot be known counts against it (MS-ASCMD R893, R895). */
  readonly mustKnowRevocation: boolean;
}

/** The checks of one process. */
export class CertificateChecker {
  readonly #options: CheckerOptions;
  readonly #revocations: Revocations;
  #authorities: Authorities | undefined;

  constructor(options: CheckerOptions) {
    this.#options = options;
    this.#revocations = new Revocations({
      clock: options.clock,
      fetches: options.fetchRevocationLists,
      allowPrivate: options.privateRevocationServers,
    });
  }

  /** Checks a certificate in DER. */
  async check(bytes: Buffer, request: CheckRequest): Promise<Verdict> {
    const leaf = Certificate.read(bytes);
    if (leaf === undefined) return "malformed";
    const others = request.chain.map((each) => Certificate.read(each));
    if (others.includes(undefined)) return "malformed chain";
    const known = others.filter((each) => each !== undefined);
    const chain = findChain(leaf, known, this.#trusted());
    if ("fault" in chain) return chain.fault;
    const fault = this.#timesOf(chain.certificates) ?? usesOf(chain.certificates);
    return fault ?? (await this.#revocationOf(chain.certificates, request));
  }

  /** Reading about 300 authorities takes a moment: only whoever checks something waits for it. */
  #trusted(): Authorities {
    const own = this.#options.ca === undefined ? [] : [this.#options.ca];
    this.#authorities ??= authoritiesOf([...commonAuthorities(), ...own]);
    return this.#authorities;
  }

  #timesOf(chain: readonly Certificate[]): Verdict | undefined {
    const now = this.#options.clock.now();
    const late = chain.findIndex((each) => !each.isValidAt(now, clockSkewMs));
    if (late === -1) return undefined;
    return late === 0 ? "expired" : "chain expired";
  }

  async #revocationOf(
    chain: readonly Certificate[],
    { mustKnowRevocation, ...patience }: CheckRequest,
  ): Promise<Verdict> {
    let doubt: Verdict = "good";
    for (const [at, certificate] of chain.slice(0, -1).entries()) {
      const issuer = chain[at + 1];
      if (issuer === undefined) break;
      const found = await this.#revocations.of(certificate, issuer, patience);
      if (found === "revoked") return at === 0 ? "revoked" : "chain revoked";
      if (doubt === "good" && found === "server offline") doubt = "revocation server offline";
      if (found === "unknown") doubt = "revocation unknown";
    }
    return mustKnowRevocation ? doubt : "good";
  }
}

/** Roles and purposes along a chain; the authority at its end is trusted for what it is. */
function usesOf([leaf, ...issuers]: readonly Certificate[]): Verdict | undefined {
  if (leaf === undefined) return "malformed";
  if ([leaf, ...issuers.slice(0, -1)].some((each) => each.hasUnknownDemands)) return "malformed";
  for (const [below, issuer] of issuers.entries()) {
    const fault = faultOfIssuer(issuer, below, below === issuers.length - 1);
    if (fault !== undefined) return fault;
  }
  // A certificate for signing others alone is no mail user's (R5847).
  if (leaf.authority?.isAuthority === true && !leaf.maySignMessages) return "wrong role";
  return leaf.isForMail && leaf.maySignMessages ? undefined : "not for signing mail";
}

/** `below`: how many authorities stand between it and the certificate (RFC 5280 4.2.1.9). */
function faultOfIssuer(
  issuer: Certificate,
  below: number,
  isTrusted: boolean,
): Verdict | undefined {
  const { authority } = issuer;
  // Authorities of version 1 say nothing of it.
  const isAuthority = authority?.isAuthority ?? isTrusted;
  if (!isAuthority || below > (authority?.mostBelow ?? Infinity)) return "wrong role";
  if (!issuer.maySignCertificates || (!isTrusted && !issuer.isForMail)) return "wrong use";
  return undefined;
}
