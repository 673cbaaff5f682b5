/** Certificate authorities that are trusted: those that Node and the system know, and the operator's own. */
import { X509Certificate } from "node:crypto";
import { getCACertificates } from "node:tls";
import { Certificate } from "./certificate.ts";

/** Trusted authorities by their names; of hundreds only those that are asked for are read whole. */
export class Authorities {
  readonly #byName: ReadonlyMap<string, readonly X509Certificate[]>;
  readonly #read = new Map<string, readonly Certificate[]>();

  constructor(certificates: readonly X509Certificate[]) {
    this.#byName = Map.groupBy(certificates, ({ subject }) => subject);
  }

  /** The authorities of a name. */
  named(subject: string): readonly Certificate[] {
    const known = this.#read.get(subject);
    if (known !== undefined) return known;
    const found = this.#byName.get(subject);
    if (found === undefined) return [];
    const certificates = found.flatMap(({ raw }) => Certificate.read(Buffer.from(raw)) ?? []);
    this.#read.set(subject, certificates);
    return certificates;
  }

  /** Whether a certificate is one of them. */
  has(certificate: Certificate): boolean {
    const { fingerprint } = certificate;
    return this.named(certificate.subject).some((each) => each.fingerprint === fingerprint);
  }
}

/** Authorities of PEM texts; what is no certificate is passed over. */
export function authoritiesOf(pems: readonly string[]): Authorities {
  const blocks = new Set(pems.flatMap((pem) => pem.match(blockForm) ?? []));
  return new Authorities([...blocks].flatMap((block) => readBlock(block) ?? []));
}

const blockForm = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

function readBlock(block: string): X509Certificate | undefined {
  try {
    return new X509Certificate(block);
  } catch {
    return undefined;
  }
}

/** What Node brings, and what the system trusts. */
export function commonAuthorities(): readonly string[] {
  return [...getCACertificates("bundled"), ...getCACertificates("system")];
}
