import assert from "node:assert/strict";
import { X509Certificate } from "node:crypto";
import { mkdtemp, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, suite, test } from "node:test";
import { machineNames, selfSigned } from "./self-signed.ts";

const now = Date.parse("2026-11-24T12:00:00Z");
const dayMs = 86_400_000;

suite("A self-signed certificate", async () => {
  const folder = await mkdtemp(join(tmpdir(), "eastgate-certificate-"));
  after(() => rm(folder, { recursive: true }));
  const made = await selfSigned(folder, now);

  test("names this machine, for TLS servers, for less than 398 days", () => {
    const certificate = new X509Certificate(made.cert);
    assert.equal(certificate.checkHost("localhost"), "localhost");
    assert.equal(certificate.checkIP("127.0.0.1"), "127.0.0.1");
    assert.ok(machineNames().length > 1);
    assert.deepEqual(certificate.keyUsage, ["1.3.6.1.5.5.7.3.1"]);
    const days = (certificate.validToDate.getTime() - certificate.validFromDate.getTime()) / dayMs;
    assert.ok(days < 398, String(days));
  });

  test("stays the same over a restart, its key readable by its user alone", async () => {
    assert.deepEqual(await selfSigned(folder, now + 300 * dayMs), made);
    assert.equal((await stat(join(folder, "key.pem"))).mode & 0o777, 0o600);
  });

  test("is replaced before it ends", async () => {
    assert.notEqual((await selfSigned(folder, now + 380 * dayMs)).cert, made.cert);
  });
});
