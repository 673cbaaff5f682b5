/** One X.509 certificate: what Node reads of it, and the extensions that Node does not tell. */
import { X509Certificate } from "node:crypto";
import {
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  ExtendedKeyUsageExtension,
  KeyUsagesExtension,
  X509Certificate as ExtendedCertificate,
  KeyUsageFlags,
} from "@peculiar/x509";
import { maxCertificateBytes, maxListAddresses } from "./limits.ts";

/** Extended key usages (RFC 5280 4.2.1.12). */
const emailProtection = "1.3.6.1.5.5.7.3.4";
const anyPurpose = "2.5.29.37.0";

/** Extensions that are heeded, so that they may be critical (RFC 5280 4.2). */
const heeded = new Set([
  "2.5.29.15",
  "2.5.29.17",
  "2.5.29.19",
  "2.5.29.31",
  "2.5.29.32",
  "2.5.29.37",
]);

/** A certificate that could be read. */
export class Certificate {
  readonly #node: X509Certificate;
  readonly #extended: ExtendedCertificate;

  private constructor(bytes: Buffer) {
    this.#node = new X509Certificate(bytes);
    this.#extended = new ExtendedCertificate(bytes);
  }

  /** Reads a certificate in DER; undefined when it is none. */
  static read(bytes: Buffer): Certificate | undefined {
    if (bytes.length === 0 || bytes.length > maxCertificateBytes) return undefined;
    try {
      const certificate = new Certificate(bytes);
      // Extensions are read when they are asked for: what cannot be read shall be told now.
      void [certificate.authority, certificate.keyUsages, certificate.purposes, certificate.lists];
      return certificate;
    } catch {
      return undefined;
    }
  }

  get fingerprint(): string {
    return this.#node.fingerprint256;
  }

  get subject(): string {
    return this.#node.subject;
  }

  get issuer(): string {
    return this.#node.issuer;
  }

  get serialNumber(): string {
    return this.#extended.serialNumber;
  }

  /** What a list's signature is checked with. */
  get extended(): ExtendedCertificate {
    return this.#extended;
  }

  /** Whether it may be used at a moment, clocks being a little apart. */
  isValidAt(nowMs: number, skewMs: number): boolean {
    const [from, to] = [this.#node.validFromDate, this.#node.validToDate];
    return from.getTime() - skewMs <= nowMs && nowMs <= to.getTime() + skewMs;
  }

  /** Whether this certificate's key has signed another one. */
  hasSigned(other: Certificate): boolean {
    try {
      return other.#node.verify(this.#node.publicKey);
    } catch {
      return false;
    }
  }

  /** Basic constraints: undefined when there are none. */
  get authority(): { readonly isAuthority: boolean; readonly mostBelow: number } | undefined {
    const found = this.#extended.getExtension(BasicConstraintsExtension);
    return found === null
      ? undefined
      : { isAuthority: found.ca, mostBelow: found.pathLength ?? Infinity };
  }

  private get keyUsages(): number | undefined {
    return this.#extended.getExtension(KeyUsagesExtension)?.usages;
  }

  private get purposes(): readonly string[] | undefined {
    return this.#extended.getExtension(ExtendedKeyUsageExtension)?.usages.map(String);
  }

  /** Whether the key may sign certificates; it may where nothing is said. */
  get maySignCertificates(): boolean {
    return this.#mayUse(KeyUsageFlags.keyCertSign);
  }

  /** Whether the key may sign messages. */
  get maySignMessages(): boolean {
    return this.#mayUse(KeyUsageFlags.digitalSignature | KeyUsageFlags.nonRepudiation);
  }

  /** Whether it is meant for mail. */
  get isForMail(): boolean {
    const { purposes } = this;
    if (purposes === undefined) return true;
    return purposes.includes(emailProtection) || purposes.includes(anyPurpose);
  }

  #mayUse(flags: number): boolean {
    const usages = this.keyUsages;
    return usages === undefined || (usages & flags) !== 0;
  }

  /** Whether it holds something that must be heeded and is not (RFC 5280 4.2). */
  get hasUnknownDemands(): boolean {
    return this.#extended.extensions.some(({ critical, type }) => critical && !heeded.has(type));
  }

  /** Where the lists of revoked certificates are that it may be in. */
  get lists(): readonly string[] {
    const found = this.#extended.getExtension(CRLDistributionPointsExtension);
    const names = (found?.distributionPoints ?? []).flatMap(
      ({ distributionPoint }) => distributionPoint?.fullName ?? [],
    );
    const addresses = names.flatMap(({ uniformResourceIdentifier: uri }) => uri ?? []);
    return addresses.slice(0, maxListAddresses);
  }
}
