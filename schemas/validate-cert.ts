import { validateCertPage } from "./code-pages/validate-cert.ts";
import { command } from "./command.ts";
import * as v from "./vocabulary.ts";

const page = validateCertPage;

/** ValidateCert (MS-ASCMD 2.2.1.22). */
export const validateCert = command("ValidateCert", {
  page,
  code: 22,
  request: v.struct(page, {
    CertificateChain: v.optional(v.struct(page, { Certificate: v.list(v.text) })),
    Certificates: v.optional(v.struct(page, { Certificate: v.list(v.text) })),
    CheckCRL: v.optional(v.boolean),
  }),
  response: v.struct(page, {
    Status: v.integer,
    Certificate: v.list(v.struct(page, { Status: v.list(v.integer) })),
  }),
});
