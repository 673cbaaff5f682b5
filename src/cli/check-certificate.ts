/** Whether phones will accept the certificate. */
import { createPrivateKey, X509Certificate } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Config } from "../config.ts";
import type { Finding } from "./finding.ts";

const subject = "certificate";
const dayMs = 86_400_000;

/** Apple: certificates made since September 2020 may run 398 days, those of private authorities 825. */
const longestDays = 825;
const renewDays = 14;
const leastRsaBits = 2_048;
const serverAuth = "1.3.6.1.5.5.7.3.1";

/** Looks at the certificate that the configuration names; `now` in milliseconds. */
export async function checkCertificate({ tls }: Config, now: number): Promise<readonly Finding[]> {
  if (tls.mode === "off") {
    return [{ level: "ok", subject, text: "TLS is off here; the proxy in front must have one" }];
  }
  if (tls.mode === "self-signed" || tls.certificate === undefined || tls.key === undefined) {
    return [
      { level: "warn", subject, text: "is self-signed: phones ask whether to trust it, or refuse" },
    ];
  }
  const [pem, key] = await Promise.all([readFile(tls.certificate), readFile(tls.key)]);
  return judge(new X509Certificate(pem), key, now);
}

function judge(certificate: X509Certificate, key: Buffer, now: number): readonly Finding[] {
  const faults = [
    ...timeFaults(certificate, now),
    ...formFaults(certificate),
    ...(certificate.checkPrivateKey(createPrivateKey(key))
      ? []
      : [fault("fail", "tls.key is not the key of tls.certificate")]),
  ];
  if (faults.length > 0) return faults;
  const until = day(certificate.validToDate.getTime());
  return [fault("ok", `for ${certificate.subjectAltName}, until ${until}`)];
}

function fault(level: Finding["level"], text: string): Finding {
  return { level, subject, text };
}

function day(time: number): string {
  return new Date(time).toISOString().slice(0, 10);
}

function timeFaults({ validFromDate, validToDate }: X509Certificate, now: number): Finding[] {
  const [from, to] = [validFromDate.getTime(), validToDate.getTime()];
  if (to < now) return [fault("fail", `ended on ${day(to)}: renew it`)];
  if (from > now) return [fault("fail", `begins on ${day(from)}: set the clock or wait`)];
  const faults: Finding[] = [];
  if (to - now < renewDays * dayMs) faults.push(fault("warn", `ends on ${day(to)}: renew it`));
  if (to - from > longestDays * dayMs) {
    faults.push(fault("warn", `runs longer than ${longestDays} days: iPhones refuse it`));
  }
  return faults;
}

function formFaults(certificate: X509Certificate): Finding[] {
  const faults: Finding[] = [];
  const { subjectAltName, publicKey, keyUsage } = certificate;
  const bits = publicKey.asymmetricKeyDetails?.modulusLength;
  if (subjectAltName === undefined) {
    faults.push(fault("fail", "has no subjectAltName: phones no longer read the common name"));
  }
  if (bits !== undefined && bits < leastRsaBits) {
    faults.push(fault("fail", `has a key of ${bits} bits: phones want ${leastRsaBits}`));
  }
  // Node types it as always there, and leaves it out where the extension is missing.
  if (!((keyUsage as string[] | undefined) ?? []).includes(serverAuth)) {
    faults.push(
      fault("warn", "is not marked for TLS servers (extended key usage): iPhones refuse it"),
    );
  }
  return faults;
}
