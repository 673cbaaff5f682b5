/** A certificate of the gateway's own making, for trials: devices ask their user whether to trust it. */
import { X509Certificate } from "node:crypto";
import { mkdir, readFile, rename, writeFile } from "node:fs/promises";
import { isIP } from "node:net";
import { hostname, networkInterfaces } from "node:os";
import { join } from "node:path";

/** PEM texts, as `node:tls` takes them. */
export interface KeyAndCertificate {
  readonly key: string;
  readonly cert: string;
}

const dayMs = 86_400_000;

/** Phones refuse certificates that run longer than 398 days (Apple) or 825 days (others). */
const lifeDays = 397;

/** A certificate that ends sooner is replaced at the next start. */
const renewDays = 30;

/**
 * The certificate kept in `folder`, made anew where there is none, where it ends within 30 days and where
 * this machine has got another name or address. `now` in milliseconds.
 */
export async function selfSigned(folder: string, now: number): Promise<KeyAndCertificate> {
  const names = machineNames();
  const kept = await read(folder);
  if (kept !== undefined && serves(kept.cert, names, now)) return kept;
  const made = await make(names, now);
  await mkdir(folder, { recursive: true, mode: 0o700 });
  await write(join(folder, "key.pem"), made.key);
  await write(join(folder, "certificate.pem"), made.cert);
  return made;
}

/** Names and addresses under which devices on this network reach this machine, localhost first. */
export function machineNames(): readonly string[] {
  const addresses = Object.values(networkInterfaces())
    .flatMap((interfaces) => interfaces ?? [])
    .map(({ address, scopeid }) => (scopeid === undefined || scopeid === 0 ? address : ""))
    .filter((address) => address !== "");
  return [...new Set(["localhost", hostname(), ...addresses])];
}

async function read(folder: string): Promise<KeyAndCertificate | undefined> {
  try {
    const [key, cert] = await Promise.all([
      readFile(join(folder, "key.pem"), "utf8"),
      readFile(join(folder, "certificate.pem"), "utf8"),
    ]);
    return { key, cert };
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT") return undefined;
    throw error;
  }
}

function serves(cert: string, names: readonly string[], now: number): boolean {
  const certificate = new X509Certificate(cert);
  if (certificate.validToDate.getTime() < now + renewDays * dayMs) return false;
  return names.every((name) =>
    isIP(name) === 0 ? certificate.checkHost(name) : certificate.checkIP(name),
  );
}

async function make(names: readonly string[], now: number): Promise<KeyAndCertificate> {
  // Loaded when it is needed: the rest of its life the gateway does without.
  const { generate } = await import("selfsigned");
  const made = await generate([{ name: "commonName", value: "Eastgate" }], {
    notBeforeDate: new Date(now - dayMs),
    notAfterDate: new Date(now + (lifeDays - 1) * dayMs),
    keySize: 2_048,
    algorithm: "sha256",
    extensions: [
      { name: "basicConstraints", cA: false, critical: true },
      { name: "keyUsage", digitalSignature: true, keyEncipherment: true, critical: true },
      { name: "extKeyUsage", serverAuth: true },
      {
        name: "subjectAltName",
        altNames: names.map((name) =>
          isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name },
        ),
      },
    ],
  });
  return { key: made.private, cert: made.cert };
}

/** Whole or not at all, readable by this user alone. */
async function write(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text, { mode: 0o600 });
  await rename(`${file}.new`, file);
}
