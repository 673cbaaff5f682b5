/** ValidateCert (MS-ASCMD 2.2.1.22): whether certificates of signed mail can be trusted. */
import { commandStatus, StatusError } from "../../schemas/status.ts";
import type { RequestOf, ResponseOf } from "../../schemas/commands.ts";
import type { Verdict } from "../certificates/checker.ts";
import type { Context } from "./context.ts";
import { maxCertificates, maxRevocationMs } from "./limits.ts";

type Request = RequestOf<"ValidateCert">;
type Response = ResponseOf<"ValidateCert">;

const status = commandStatus.ValidateCert;

/** MS-ASCMD 2.2.3.177.18. That a certificate is of another address (12) is not to be known from the request. */
const statuses: Readonly<Record<Verdict, number>> = {
  good: status.Success,
  malformed: status.IncompleteInformation,
  "malformed chain": status.InvalidChain,
  "bad signature": status.InvalidSignature,
  untrusted: status.UntrustedSource,
  "incomplete chain": status.InvalidChain,
  expired: status.Expired,
  "chain expired": status.InconsistentTimes,
  "wrong role": status.WrongRole,
  "wrong use": status.WrongUse,
  "not for signing mail": status.NotForSigning,
  revoked: status.Revoked,
  "chain revoked": status.ChainRevoked,
  "revocation server offline": status.RevocationServerOffline,
  "revocation unknown": status.RevocationUnknown,
};

/** Answers a ValidateCert: a Status for each certificate, in their order. */
export async function handleValidateCert(
  request: Request | undefined,
  context: Context,
): Promise<Response> {
  const asked = request?.Certificates?.Certificate ?? [];
  const chain = request?.CertificateChain?.Certificate ?? [];
  // R5661, R5662.
  if (asked.length === 0 || asked.length + chain.length > maxCertificates) {
    throw new StatusError(status.ProtocolError);
  }
  const { certificates, clock, signal } = context;
  const fetchUntilMs = clock.now() + maxRevocationMs;
  const mustKnowRevocation = request?.CheckCRL === true;
  const given = { chain: chain.map(bytesOf), mustKnowRevocation, fetchUntilMs, signal };
  const Certificate: Response["Certificate"] = [];
  for (const text of asked) {
    const verdict = await certificates.check(bytesOf(text), given);
    Certificate.push({ Status: [statuses[verdict]] });
  }
  return { Status: status.Success, Certificate };
}

/** What is no base64 is no certificate either. */
function bytesOf(text: string): Buffer {
  return Buffer.from(text, "base64");
}
