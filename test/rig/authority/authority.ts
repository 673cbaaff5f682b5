/** Certificate authorities of a test: they sign certificates and lists of revoked ones. */
import { webcrypto } from "node:crypto";
import {
  BasicConstraintsExtension,
  CRLDistributionPointsExtension,
  ExtendedKeyUsageExtension,
  Extension,
  KeyUsageFlags,
  KeyUsagesExtension,
  X509CertificateGenerator,
  X509CrlGenerator,
  type X509Certificate,
} from "@peculiar/x509";

const algorithm = { name: "ECDSA", namedCurve: "P-256", hash: "SHA-256" } as const;
const dayMs = 86_400_000;

/** What a certificate may have otherwise. */
export interface CertificateOptions {
  readonly name: string;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  /** Basic constraints; none for an end user. */
  readonly authority?: { readonly mostBelow?: number };
  readonly usages?: number;
  /** Extended key usages. */
  readonly purposes?: readonly string[];
  /** Where its list of revoked certificates is. */
  readonly list?: string;
  /** A critical extension that nobody knows. */
  readonly unknownDemand?: boolean;
}

/** Purposes (RFC 5280 4.2.1.12). */
export const purposes = { mail: "1.3.6.1.5.5.7.3.4", servers: "1.3.6.1.5.5.7.3.1" } as const;

/** Key usages of an authority and of a user. */
export const usages = {
  authority: KeyUsageFlags.keyCertSign | KeyUsageFlags.cRLSign,
  user: KeyUsageFlags.digitalSignature,
  encryption: KeyUsageFlags.keyEncipherment,
} as const;

/** A certificate with its key. */
export class Signer {
  readonly certificate: X509Certificate;
  readonly #keys: webcrypto.CryptoKeyPair;
  static #serial = 1;

  private constructor(certificate: X509Certificate, keys: webcrypto.CryptoKeyPair) {
    this.certificate = certificate;
    this.#keys = keys;
  }

  /** DER. */
  get der(): Buffer {
    return Buffer.from(this.certificate.rawData);
  }

  get pem(): string {
    return this.certificate.toString("pem");
  }

  /** An authority that nobody has signed but itself. */
  static async root(options: CertificateOptions, now: Date): Promise<Signer> {
    const authority = { authority: {}, usages: usages.authority, ...options };
    return await Signer.#make(authority, now, undefined);
  }

  /** Signs a certificate. */
  async sign(options: CertificateOptions, now: Date): Promise<Signer> {
    return await Signer.#make(options, now, this);
  }

  static async #make(
    options: CertificateOptions,
    now: Date,
    issuer: Signer | undefined,
  ): Promise<Signer> {
    const keys = await webcrypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    const certificate = await X509CertificateGenerator.create({
      serialNumber: (Signer.#serial++).toString(16).padStart(4, "0"),
      subject: `CN=${options.name}`,
      issuer: issuer?.certificate.subject ?? `CN=${options.name}`,
      notBefore: options.notBefore ?? new Date(now.getTime() - dayMs),
      notAfter: options.notAfter ?? new Date(now.getTime() + 30 * dayMs),
      signingAlgorithm: algorithm,
      publicKey: keys.publicKey,
      signingKey: (issuer === undefined ? keys : issuer.#keys).privateKey,
      extensions: extensionsOf(options),
    });
    return new Signer(certificate, keys);
  }

  /** A list of revoked certificates, in DER. */
  async list(
    revoked: readonly Signer[],
    { thisUpdate, nextUpdate }: { readonly thisUpdate: Date; readonly nextUpdate?: Date },
  ): Promise<Buffer> {
    const list = await X509CrlGenerator.create({
      issuer: this.certificate.subject,
      thisUpdate,
      ...(nextUpdate === undefined ? {} : { nextUpdate }),
      entries: revoked.map(({ certificate }) => ({
        serialNumber: certificate.serialNumber,
        revocationDate: thisUpdate,
      })),
      signingAlgorithm: algorithm,
      signingKey: this.#keys.privateKey,
    });
    return Buffer.from(list.rawData);
  }
}

function extensionsOf(options: CertificateOptions): Extension[] {
  const { authority, usages: flags, purposes: wanted, list } = options;
  return [
    ...(authority === undefined
      ? []
      : [new BasicConstraintsExtension(true, authority.mostBelow, true)]),
    // oxlint-disable-next-line typescript/no-unsafe-enum-assignment -- flags joined by | are a number to TypeScript
    ...(flags === undefined ? [] : [new KeyUsagesExtension(flags, true)]),
    ...(wanted === undefined ? [] : [new ExtendedKeyUsageExtension([...wanted])]),
    ...(list === undefined ? [] : [new CRLDistributionPointsExtension([list])]),
    ...(options.unknownDemand === true
      ? [new Extension("1.3.6.1.4.1.99999.1", true, Buffer.from([5, 0]))]
      : []),
  ];
}
